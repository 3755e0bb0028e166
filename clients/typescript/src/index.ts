export type { Answer, Column, Row } from "./answer.js";
export { Client, connect, defaultSocket } from "./client.js";
export type { Params, QueryOptions, StreamOptions, TextOptions } from "./client.js";
export * from "./errors.js";
export type { Given, Value } from "./values.js";
export { Watch } from "./watch.js";
export type { Event, EventBatch } from "./watch.js";
