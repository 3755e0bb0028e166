import * as vscode from "vscode";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LanguageClient, type Executable } from "vscode-languageclient/node";
import { Results } from "./results";
import { command, environment } from "./settings";

const SETTINGS = "Open settings";
const DOCUMENTS = [{ language: "paasq" }];

let client: LanguageClient | undefined;
let changing: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const results = new Results();
  context.subscriptions.push(
    results,
    vscode.commands.registerCommand("paasq.run", (...lens) => run(results, lens)),
    vscode.commands.registerCommand("paasq.runHere", () => runHere(results)),
    vscode.commands.registerCommand("paasq.restart", restart),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("paasq")) await restart();
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await stop();
}

/** One after the other, however fast settings change: two servers would both show errors. */
function restart(): Promise<void> {
  changing = changing.then(stop).then(start);
  return changing;
}

async function stop(): Promise<void> {
  const stopping = client;
  client = undefined;
  await stopping?.dispose().catch(() => undefined); // one that has ended by itself cannot be stopped, and need not be
}

async function start(): Promise<void> {
  try {
    // Asked first, because a client whose server cannot be started says so in words that name no remedy.
    await promisify(execFile)(command(), ["--version"], { env: environment() });
    const server: Executable = { command: command(), args: ["lsp"], options: { env: environment() } };
    client = new LanguageClient("paasq", "paasq", server, { documentSelector: DOCUMENTS });
    await client.start();
  } catch (error) {
    void offerSettings(error as NodeJS.ErrnoException);
  }
}

async function offerSettings(error: NodeJS.ErrnoException): Promise<void> {
  const what = error.code === "ENOENT" ? "was not found" : `does not start: ${error.message}`;
  const chosen = await vscode.window.showErrorMessage(
    `The command ${command()} ${what}. Install paasq, or set "paasq.command" to where it is.`,
    SETTINGS,
  );
  if (chosen) await vscode.commands.executeCommand("workbench.action.openSettings", "paasq.command");
}

/** `lens` is what the language server gives: a text that runs alone, the document and the place in it, the parameters to ask for. */
async function run(results: Results, [text, uri, place, parameters]: unknown[]): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri as string));
  const values: string[] = [];
  for (const name of parameters as string[]) {
    const value = await vscode.window.showInputBox({ title: `$${name}`, prompt: "JSON, or text as it is" });
    if (value === undefined) return;
    values.push("-p", `${name}=${value}`);
  }
  if (document.uri.scheme !== "file") {
    results.show(["query", text as string, ...values]);
  } else if (await document.save()) {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath;
    const file = folder ? vscode.workspace.asRelativePath(document.uri, false) : document.uri.fsPath;
    results.show(["run", file, "--at", place as string, ...values], folder);
  }
}

/** Runs the statement under the cursor, by its lens. */
async function runHere(results: Results): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "paasq") return;
  const uri = editor.document.uri;
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 10_000);
  const lens = lenses.find((each) => each.range.contains(editor.selection.active));
  if (lens?.command) await run(results, lens.command.arguments ?? []);
  else void vscode.window.showInformationMessage("There is no statement here that can be run.");
}
