// The library: songs that are kept, searched by words and by what was heard; what sounds alike.
import {get} from "./api.js";
import {el, say} from "./dom.js";
import {clock, musical, percent} from "./words.js";

const page = 50;

const fields = [
  ["query", "Words", {type: "search"}], ["tempo_min", "Tempo from", {type: "number", min: 0, max: 400}],
  ["tempo_max", "to", {type: "number", min: 0, max: 400}], ["key", "Key", {type: "text", placeholder: "A minor"}],
  ["genre", "Genre", {type: "text"}],
];

const columns = [
  ["Title", (song) => el("a", {href: `#song/${song.id}`}, song.title ?? song.name)], ["Artist", (song) => song.artist],
  ["Tempo", (song) => song.tempo && Math.round(song.tempo)], ["Key", (song) => song.key && musical(song.key)],
  ["Genre", (song) => song.genre], ["Length", (song) => song.duration && clock(song.duration)],
  ["Alike", (song) => song.similarity !== undefined && percent(song.similarity)],
];

function table(songs, more) {
  const used = columns.filter(([, cell]) => songs.some((song) => cell(song)));
  return el("div", {class: "scroll"}, el("table", {},
    el("thead", {}, el("tr", {}, used.map(([name]) => el("th", {scope: "col"}, name)), el("th", {scope: "col"}, el("span", {class: "unseen"}, "What else")))),
    el("tbody", {}, songs.map((song) => el("tr", {}, used.map(([, cell]) => el("td", {class: "number"}, cell(song) || "")),
      el("td", {}, el("button", {type: "button", class: "quiet", "aria-label": `similar to ${song.title ?? song.name}`, onclick: () => more(song)}, "similar")))))));
}

export async function libraryView(place) {
  const form = el("form", {class: "row search", role: "search"}, fields.map(([name, label, about]) =>
    el("label", {}, label, " ", el("input", {name, ...about}))), el("button", {type: "submit"}, "Search"));
  const found = el("div", {role: "region", "aria-label": "Songs that were found"});
  let offset = 0;

  function show(title, songs, total, more) {
    const pages = total > page && el("p", {class: "row"},
      el("button", {type: "button", class: "quiet", disabled: offset === 0, onclick: () => turn(-page)}, "before"),
      el("span", {class: "number"}, `${offset + 1} to ${offset + songs.length} of ${total}`),
      el("button", {type: "button", class: "quiet", disabled: offset + songs.length >= total, onclick: () => turn(page)}, "after"));
    found.replaceChildren(el("h2", {}, title), songs.length ? table(songs, similar) : el("p", {class: "soft"}, "There are none."), pages || "", more ?? "");
    say(title);
  }
  async function search() {
    const query = new URLSearchParams({limit: page, offset});
    for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
    const {songs, total} = await get(`/v1/songs?${query}`);
    show(total === 1 ? "1 song" : `${total ?? songs.length} songs`, songs, total);
  }
  async function similar(song) {
    const {songs} = await get(`/v1/songs/${song.id}/similar?limit=20`);
    show(`Like ${song.title ?? song.name}`, songs, 0, el("button", {type: "button", class: "quiet", onclick: () => tell(search)}, "back to all"));
  }
  async function duplicates() {
    const {groups} = await get("/v1/library/duplicates");
    found.replaceChildren(el("h2", {}, groups.length === 1 ? "1 recording is there more than once" : `${groups.length} recordings are there more than once`),
      ...groups.map((group) => table(group.songs ?? group, similar)));
  }
  function turn(by) {
    offset = Math.max(offset + by, 0);
    tell(search);
  }
  const tell = (work) => work().catch((problem) => found.replaceChildren(el("p", {class: "fault", role: "alert"}, problem.message)));
  form.addEventListener("submit", (event) => { event.preventDefault(); offset = 0; tell(search); });
  place.append(el("h1", {}, "Library"), form, el("p", {class: "row"},
    el("button", {type: "button", class: "quiet", onclick: () => tell(duplicates)}, "Recordings that are there twice")), found);
  await tell(search);
}
