import * as vscode from "vscode";
import { spawn, type ChildProcess } from "node:child_process";
import { command, environment } from "./settings";

const CLEAR = "\x1b[2J\x1b[3J\x1b[H\x1b[?25l"; // without a cursor: nothing is typed here
const INTERRUPT = "\x03";

/**
 * One terminal that shows the answer of the last run. VS Code's own would close with the process, and take the answer along.
 * Arguments go past any shell, so nothing in a text needs quoting.
 */
export class Results implements vscode.Pseudoterminal {
  private readonly written = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.written.event;
  private terminal: vscode.Terminal | undefined;
  private running: ChildProcess | undefined;
  private columns: number | undefined;
  private opened: () => void = () => undefined;
  private ready: Promise<void> | undefined;

  async show(given: string[], folder?: string): Promise<void> {
    this.running?.kill();
    if (!this.terminal) {
      this.ready = new Promise((resolve) => (this.opened = resolve));
      this.terminal = vscode.window.createTerminal({ name: "paasq", pty: this, iconPath: new vscode.ThemeIcon("database") });
    }
    this.terminal.show(true);
    await this.ready;
    this.written.fire(CLEAR);
    this.start(given, folder);
  }

  open(size: vscode.TerminalDimensions | undefined): void {
    this.columns = size?.columns;
    this.opened();
  }

  setDimensions(size: vscode.TerminalDimensions): void {
    this.columns = size.columns;
  }

  handleInput(typed: string): void {
    if (typed === INTERRUPT) this.running?.kill("SIGINT");
  }

  close(): void {
    this.running?.kill();
    this.terminal = undefined;
  }

  dispose(): void {
    this.terminal?.dispose();
  }

  private start(given: string[], folder: string | undefined): void {
    const width = this.columns ? { COLUMNS: String(this.columns) } : {};
    const env = { ...environment(), ...width, FORCE_COLOR: "1", PYTHONUNBUFFERED: "1" };
    const child = spawn(command(), given, { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    const write = (text: string): void => {
      if (child === this.running) this.written.fire(text.replace(/\r?\n/g, "\r\n"));
    };
    this.running = child;
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", write);
    child.on("error", (error) => write(`${command()} does not start: ${error.message}\n`));
  }
}
