/** Values as programs give them, and as JSON has them. */

/** What an answer holds. A time is text in ISO 8601, in UTC; a duration is text such as `1h30min`; bytes are in base64. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

/** What may be given: an answer's values, and a Date for a time, a Uint8Array for bytes, a Float32Array for a vector. */
export type Given =
  | undefined | null | boolean | number | string | Date | Uint8Array | Float32Array | Float64Array
  | readonly Given[] | { readonly [name: string]: Given };

export function toJson(value: Given): Value | undefined {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Float32Array || value instanceof Float64Array) return [...value];
  if (Array.isArray(value)) return value.map((each) => toJson(each) ?? null);
  const found: { [name: string]: Value } = {};
  for (const [name, each] of Object.entries(value)) {
    const given = toJson(each as Given);
    if (given !== undefined) found[name] = given;
  }
  return found;
}
