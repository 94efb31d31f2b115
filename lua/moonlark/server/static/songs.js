// The view of songs: a place to drop files, and what is known of each.
import {el, say} from "./dom.js";
import {all, forget, send, watch} from "./shelf.js";
import {clock, musical, percent} from "./words.js";

const endings = ".wav,.mp3,.flac,.ogg,.oga,.opus,.m4a,.aac,.aif,.aiff,.au,audio/*";

// Sends files, and tells so. They may be dropped on any view.
export function sendAll(list) {
  const files = [...list];
  for (const file of files) send(file);
  if (files.length) say(files.length === 1 ? `${files[0].name} is being sent.` : `${files.length} files are being sent.`);
}

function dropZone() {
  const input = el("input", {type: "file", id: "files", multiple: true, accept: endings, class: "unseen",
    onchange: () => { sendAll(input.files); input.value = ""; }});
  const zone = el("div", {class: "drop"},
    el("p", {class: "big"}, "Drop songs here"),
    el("p", {class: "soft"}, "WAV, MP3, FLAC, OGG, M4A. They stay on the machine that this page comes from."),
    input, el("label", {for: "files", class: "button"}, "Choose files"));
  for (const name of ["dragover", "dragleave", "drop"]) { // what is dropped here is taken by the page (main.js)
    zone.addEventListener(name, () => zone.classList.toggle("over", name === "dragover"));
  }
  return zone;
}

// What is said of a song in a line.
export function words(song) {
  const r = song.result;
  if (!r) return "";
  const parts = [];
  if (song.predicted?.label) parts.push(song.predicted.label + (song.predicted.probability ? ` ${percent(song.predicted.probability)}` : ""));
  if (r.tempo) parts.push(`${Math.round(r.tempo)} BPM`);
  if (r.key?.tonic) parts.push(musical(`${r.key.tonic} ${r.key.mode}`));
  if (r.duration) parts.push(clock(r.duration));
  return parts.join(" · ");
}

const stateWords = {sending: "sending", working: "listening", failed: "failed"};

function row(song) {
  const name = song.id ? el("a", {href: `#song/${song.id}`, class: "name"}, song.name) : el("span", {class: "name"}, song.name);
  const parts = [name];
  if (song.state === "failed") parts.push(el("span", {class: "fault"}, song.fault));
  else if (song.state === "done") parts.push(el("span", {class: "soft number"}, words(song)));
  else {
    const stage = song.state === "sending" ? song.stage : `${stateWords[song.state] ?? "waiting"}: ${song.stage ?? "waiting"}`;
    parts.push(el("progress", {max: 1, value: song.progress, "aria-label": `${song.name}: ${stage}`}), el("small", {}, stage));
  }
  const compare = song.state === "done" && el("label", {class: "pick"},
    el("input", {type: "checkbox", value: song.id, "aria-label": `Compare ${song.name}`}), " compare");
  const away = ["done", "failed"].includes(song.state) && el("button", {type: "button", class: "quiet small",
    "aria-label": `Take ${song.name} off the list`, onclick: () => forget(song)}, "×");
  return el("li", {class: "entry", "data-state": song.state}, el("div", {class: "what"}, parts), compare, away);
}

export function songsView(place) {
  const list = el("ul", {class: "songs", "aria-label": "Songs"});
  const both = el("a", {class: "button quiet", hidden: true, href: "#songs"}, "Compare the two");
  const told = new Map();
  const rows = new Map();

  function pick() {
    const ids = [...list.querySelectorAll("input:checked")].map((box) => box.value);
    both.hidden = ids.length !== 2;
    both.href = `#compare/${ids.join("/")}`;
  }
  function show() {
    const songs = all();
    for (const song of songs) {
      const sign = JSON.stringify([song.state, song.progress, song.stage, song.name, song.fault]);
      if (rows.get(song)?.sign === sign) continue;
      const made = {sign, row: row(song)};
      rows.get(song)?.row.replaceWith(made.row);
      rows.set(song, made);
      if (told.get(song) !== song.state && ["done", "failed"].includes(song.state)) {
        say(song.state === "done" ? `${song.name} has been heard: ${words(song)}` : `${song.name}: ${song.fault}`);
      }
      told.set(song, song.state);
    }
    const wanted = songs.map((song) => rows.get(song).row).reverse();
    for (const [song, made] of rows) if (!songs.includes(song)) { made.row.remove(); rows.delete(song); }
    if (wanted.some((one, i) => list.children[i] !== one)) list.replaceChildren(...wanted);
    pick();
  }
  list.addEventListener("change", pick);
  place.append(el("h1", {class: "unseen"}, "Songs"), dropZone(), el("div", {class: "row end"}, both), list);
  show();
  return watch(show);
}
