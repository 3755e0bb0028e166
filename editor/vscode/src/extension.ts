import * as vscode from "vscode";
import { LanguageClient, type Executable } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("paasq.run", run),
    vscode.commands.registerCommand("paasq.restart", start),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("paasq")) await start();
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function start(): Promise<void> {
  await client?.stop();
  const server: Executable = { command: command(), args: ["lsp"], options: { env: environment() } };
  client = new LanguageClient("paasq", "paasq", server, { documentSelector: [{ language: "paasq" }] });
  try {
    await client.start();
  } catch (error) {
    void vscode.window.showErrorMessage(
      `${command()} lsp does not start (${error}): install paasq, or set "paasq.command" to where it is.`,
    );
  }
}

/** Runs a text in a terminal of its own. It goes as one argument, past any shell, so nothing in it needs quoting. */
function run(text: string): void {
  const terminal = vscode.window.createTerminal({
    name: "paasq",
    shellPath: command(),
    shellArgs: ["query", text],
    env: environment(),
  });
  terminal.show(true);
}

function command(): string {
  return vscode.workspace.getConfiguration("paasq").get<string>("command") || "paasq";
}

function environment(): Record<string, string> {
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const data = vscode.workspace.getConfiguration("paasq").get<string>("data");
  return { ...Object.fromEntries(given), ...(data ? { PAASQ_DATA: data } : {}) };
}
