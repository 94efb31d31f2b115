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

const verbs = {sending: "sending", working: "listening"};

// What is said below a song's name: how far it is, what was heard, what went wrong.
function news(song) {
  if (song.state === "failed") return [el("span", {class: "fault"}, song.fault)];
  if (song.state === "done") return [el("span", {class: "soft number"}, words(song))];
  const stage = !song.stage || song.stage === verbs[song.state] ? verbs[song.state] : `${verbs[song.state]}: ${song.stage}`;
  return [el("progress", {max: 1, value: song.progress ?? 0, "aria-label": `${song.name}: ${stage}`}), el("small", {}, stage)];
}

// A song's line. It stays the same element while the song is heard, so that nobody's pointer or focus is lost.
class Row {
  constructor(song) {
    this.song = song;
    this.name = el("span", {class: "name"}, song.name);
    this.news = el("span", {class: "news"});
    this.element = el("li", {class: "entry"}, el("div", {class: "what"}, this.name, this.news));
    this.update();
  }

  // Shows what is new; returns whether the song is over, for the first time.
  update() {
    const {song} = this, sign = JSON.stringify([song.state, song.progress, song.stage, song.fault, words(song)]);
    if (sign === this.sign) return false;
    this.sign = sign;
    if (song.id && this.name.localName !== "a") {
      const link = el("a", {href: `#song/${song.id}`, class: "name"}, song.name);
      this.name.replaceWith(link);
      this.name = link;
    }
    this.news.replaceChildren(...news(song));
    const over = ["done", "failed"].includes(song.state) && this.element.dataset.state !== song.state;
    this.element.dataset.state = song.state;
    if (over) this.end();
    return over;
  }

  // What can be done with a song that is over.
  end() {
    const {song} = this, compare = song.state === "done" && el("label", {class: "pick"},
      el("input", {type: "checkbox", value: song.id, "aria-label": `Compare ${song.name}`}), " compare");
    const away = el("button", {type: "button", class: "quiet small", "aria-label": `Take ${song.name} off the list`, onclick: () => forget(song)}, "×");
    for (const old of this.element.querySelectorAll(".pick, button")) old.remove();
    this.element.append(...[compare, away].filter(Boolean));
  }
}

export function songsView(place) {
  const list = el("ul", {class: "songs", "aria-label": "Songs"}), rows = new Map();
  const both = el("a", {class: "button quiet", hidden: true, href: "#songs"}, "Compare the two");

  function pick() {
    const ids = [...list.querySelectorAll("input:checked")].map((box) => box.value);
    both.hidden = ids.length !== 2;
    both.href = `#compare/${ids.join("/")}`;
  }
  function show(changed) {
    const songs = all();
    for (const song of songs) {
      if (!rows.has(song)) {
        rows.set(song, new Row(song));
        list.prepend(rows.get(song).element);
      } else if (rows.get(song).update() && song === changed) {
        say(song.state === "done" ? `${song.name} has been heard: ${words(song)}` : `${song.name}: ${song.fault}`);
      }
    }
    for (const [song, row] of rows) {
      if (songs.includes(song)) continue;
      row.element.remove();
      rows.delete(song);
    }
    pick();
  }
  list.addEventListener("change", pick);
  place.append(el("h1", {class: "unseen"}, "Songs"), dropZone(), el("div", {class: "row end"}, both), list);
  show();
  return watch(show);
}
