// Node's own http server: it keeps the response of whoever asks for what is not there yet, with a time-out.
// Run with --expose-gc: once no more connections come, garbage is collected, as Python's servers are asked to.
"use strict";
const http = require("http");

const BACKLOG = 4096;
const PAYLOAD = Buffer.alloc(100, ".");
const COLLECT_AFTER_MS = 100;
const log = [];
let waiting = new Set();
let collecting = null;

const server = http.createServer((request, response) => {
  const { searchParams } = new URL(request.url, "http://bench");
  const offset = Number(searchParams.get("from"));
  const waitMs = 1000 * Number(searchParams.get("wait") ?? 30);
  if (offset < log.length) return answer(response, offset);
  const one = { response, offset, timer: null };
  one.timer = setTimeout(() => {
    waiting.delete(one);
    response.writeHead(204).end();
  }, waitMs);
  waiting.add(one);
});

function answer(response, offset) {
  const body = Buffer.concat(log.slice(offset));
  response.writeHead(200, { "Content-Length": body.length }).end(body);
}

process.on("SIGUSR2", () => {
  log.push(PAYLOAD);
  const ready = waiting;
  waiting = new Set();
  for (const one of ready) {
    clearTimeout(one.timer);
    answer(one.response, one.offset);
  }
});

server.on("connection", () => {
  clearTimeout(collecting);
  collecting = setTimeout(() => global.gc?.(), COLLECT_AFTER_MS);
});
server.requestTimeout = 0; // it would close connections that are held for long
server.timeout = 0;
server.keepAliveTimeout = 0;
server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () =>
  console.log(`127.0.0.1:${server.address().port}`),
);
