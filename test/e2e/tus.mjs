// Uploads FILE to ENDPOINT, with KEY, by tus-js-client, the one that the page has.
// Each answer is printed as a line of JSON.
import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";

const { Upload } = createRequire(new URL("../../streaming/player/package.json", import.meta.url))("tus-js-client");
const [endpoint, key, file] = process.argv.slice(2);

new Upload(createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${key}` },
  metadata: { filename: "talk.mp4", title: "A talk" },
  uploadSize: statSync(file).size,
  chunkSize: 16 << 20,
  retryDelays: Array(100).fill(100),
  onAfterResponse: (request, response) => {
    const [offset, video] = ["Upload-Offset", "Cuepoint-Video"].map((name) => response.getHeader(name) ?? "");
    console.log(JSON.stringify({ method: request.getMethod(), status: response.getStatus(), offset, video }));
  },
  onError: (error) => {
    console.error(error);
    process.exitCode = 1;
  },
}).start();
