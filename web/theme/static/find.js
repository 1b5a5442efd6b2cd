// The search of the site. SECTIONS, from sections.js, lists every section: page, anchor, title, title of the page, text.
"use strict";

const field = document.querySelector("#find input");
const list = document.querySelector("#found");
const count = document.querySelector("#count");
const LIMIT = 50;
const AROUND = 90; // characters of an excerpt before and after the first word found

// "Losses" finds "loss", and "generators" finds "generator".
const stem = (word) => (word.length > 4 ? word.replace(/(ies|es|s|ing|ed)$/, "") : word);
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function wordsOf(query) {
  return [...new Set((plain(query).match(/[\p{L}\p{N}]+/gu) || []).map(stem))];
}

// Where a word begins with `start` in a text, as indices; a letter before it would make it the middle of a word.
function places(text, start) {
  const found = [];
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1])) found.push(at);
  }
  return found;
}

function score(entry, words) {
  let total = 0;
  for (const word of words) {
    const inTitle = places(entry.title, word).length;
    const inText = places(entry.text, word).length;
    if (!inTitle && !inText) return 0; // every word must be there
    total += 20 * Math.min(inTitle, 1) + Math.min(inText, 5);
  }
  return total;
}

const entries = SECTIONS.map(([page, anchor, title, lesson, text]) => ({
  address: page + (anchor ? "#" + anchor : ""), name: title, lesson, shown: text, title: plain(title), text: plain(text),
}));

function excerpt(entry, words) {
  const paragraph = document.createElement("p");
  const hits = words.map((word) => places(plain(entry.shown), word)[0]).filter((at) => at !== undefined);
  const middle = hits.length ? Math.min(...hits) : 0;
  const start = middle > AROUND ? entry.shown.indexOf(" ", middle - AROUND) + 1 : 0; // a whole word
  const piece = entry.shown.slice(start, middle + AROUND);
  paragraph.append(start ? "… " : "");
  for (const part of piece.split(/([\p{L}\p{N}]+)/u)) {
    const hit = part && words.some((word) => plain(part).startsWith(word));
    const element = hit ? document.createElement("mark") : document.createTextNode(part);
    if (hit) element.textContent = part;
    paragraph.append(element);
  }
  paragraph.append(" …");
  return paragraph;
}

function show(query) {
  const words = wordsOf(query);
  const found = entries.map((entry) => [score(entry, words), entry]).filter(([points]) => points > 0);
  found.sort((one, other) => other[0] - one[0]);
  count.textContent = !words.length ? "" : found.length ? `${found.length} sections` : "Nothing found.";
  list.replaceChildren(...found.slice(0, LIMIT).map(([, entry]) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = entry.address;
    link.textContent = entry.name === entry.lesson ? entry.name : `${entry.lesson} › ${entry.name}`;
    item.append(link, excerpt(entry, words));
    return item;
  }));
}

field.value = new URLSearchParams(location.search).get("q") || "";
field.addEventListener("input", () => show(field.value));
document.querySelector("#find").addEventListener("submit", (event) => event.preventDefault());
show(field.value);
field.focus();
