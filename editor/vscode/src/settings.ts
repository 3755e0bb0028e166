import * as vscode from "vscode";

export function command(): string {
  return vscode.workspace.getConfiguration("paasq").get<string>("command") || "paasq";
}

export function environment(): Record<string, string> {
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const data = vscode.workspace.getConfiguration("paasq").get<string>("data");
  return { ...Object.fromEntries(given), ...(data ? { PAASQ_DATA: data } : {}) };
}
