// The playground's engine for Node: the files that the page loads, in the page's order.
import { readFileSync } from "node:fs";

const folder = new URL("../../web/playground/", import.meta.url);
const page = readFileSync(new URL("index.html", folder), "utf8");
export const files = [...page.matchAll(/<script src="([^"]+)"/g)].map((match) => match[1]);
for (const file of files) if (!file.startsWith("page/")) await import(new URL(file, folder));
export const P = {};
for (const part of globalThis.ganParts) part(P);
