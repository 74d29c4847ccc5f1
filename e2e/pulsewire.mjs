// The binary under test: starts it, reads where it listens, talks to it from outside and ends it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const BINARY = process.env.PULSEWIRE_BIN ?? new URL("../target/debug/pulsewire", import.meta.url).pathname;

const START_MS = 30_000;
const CONDITION_MS = 30_000;
const LOOK_AGAIN_MS = 50;
const ANSWER_MS = 10_000;

const FRAME_BEGIN = 0x0b;
const FRAME_END = Buffer.from([0x1c, 0x0d]);

/** Waits until a question has an answer, and gives the answer. */
export async function until(what, ask) {
  const deadline = Date.now() + CONDITION_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${CONDITION_MS / 1000} s in vain: ${what}`);
    await pause(LOOK_AGAIN_MS);
  }
}

/** Starts the simulated ward on free ports with a folder of its own. */
export async function start(speed = 60) {
  assert.ok(existsSync(BINARY), `${BINARY} is missing: cargo build -p pulsewire`);
  const data = mkdtempSync(join(tmpdir(), "pulsewire-e2e-"));
  const child = spawn(BINARY, ["demo", "--seed", "1", "--speed", String(speed), "--listen", "127.0.0.1:0", "--data", data]);
  const said = { out: "", err: "", ended: null };
  child.stdout.on("data", (bytes) => (said.out += bytes));
  child.stderr.on("data", (bytes) => (said.err += bytes));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve((said.ended = { code, signal }))));
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS);
  try {
    await until("the binary prints its addresses", () => {
      assert.equal(said.ended, null, `it ended at once:\n${said.out}${said.err}`);
      return /mllp:\/\/\S+[^]*pages +http:\S+[^]*\n/.test(said.out);
    });
  } catch (error) {
    child.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
    throw error;
  } finally {
    clearTimeout(late);
  }
  const [, host, port] = /mllp:\/\/([\d.]+):(\d+)/.exec(said.out);
  const [, origin] = /pages +(http:\/\/[\d.]+:\d+)\//.exec(said.out);
  return new Pulsewire({ child, said, ended, data, origin, mllp: { host, port: Number(port) } });
}

class Pulsewire {
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** Its own clock, which may be faster than ours. */
  async now() {
    const page = await (await fetch(`${this.origin}/ui/kit`)).text();
    return new Date(Number(/data-now="(\d+)"/.exec(page)[1]));
  }

  /** Sends one message over MLLP and gives the code of its acknowledgement. */
  send(message) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.mllp);
      let answer = Buffer.alloc(0);
      socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error("no acknowledgement came")));
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the connection closed without an acknowledgement")));
      socket.on("data", (bytes) => {
        answer = Buffer.concat([answer, bytes]);
        if (!answer.includes(FRAME_END)) return;
        const code = /\rMSA\|(\w+)/.exec(answer.toString());
        if (code) resolve(code[1]);
        else reject(new Error(`this is no acknowledgement: ${answer}`));
        socket.destroy();
      });
      socket.write(Buffer.concat([Buffer.from([FRAME_BEGIN]), Buffer.from(message), FRAME_END]));
    });
  }

  /** Asks with exactly these headers, as a browser would not let us. */
  ask(path, { method = "GET", headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request(`${this.origin}${path}`, { method, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
      });
      request.setTimeout(ANSWER_MS, () => request.destroy(new Error(`${path} was not answered`)));
      request.on("error", reject);
      request.end(body);
    });
  }

  /** Ends it as an operator would, checks that it went in order, and gives what `look` finds in the data it leaves. */
  async stop(look = () => null) {
    const late = setTimeout(() => this.child.kill("SIGKILL"), START_MS);
    this.child.kill("SIGINT");
    const { code, signal } = await this.ended;
    clearTimeout(late);
    const found = look(this.data);
    rmSync(this.data, { recursive: true, force: true });
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `it did not end in order:\n${this.said.err}`);
    assert.doesNotMatch(this.said.err, /panicked|\bERROR\b/, "the log tells of trouble");
    return found;
  }
}
