// The library: songs that are kept, searched by words and by what was heard; what sounds alike.
import {get, hasLibrary} from "./api.js";
import {el, say} from "./dom.js";
import {genresPanel} from "./genres.js";
import {clock, musical, percent} from "./words.js";

const page = 50;

const fields = [
  ["query", "Words", {type: "search"}], ["tempo_min", "Tempo from", {type: "number", min: 0, max: 400}],
  ["tempo_max", "Tempo to", {type: "number", min: 0, max: 400}], ["key", "Key", {type: "text", placeholder: "A minor", size: 9}],
  ["genre", "Genre", {type: "text", size: 9}],
];
const moods = ["", "calm", "happy", "sad", "tense"];

// The form; `search` is called with what was filled in.
function searchForm(search) {
  const form = el("form", {class: "row search", role: "search", onsubmit: (event) => { event.preventDefault(); search(); }},
    fields.map(([name, label, about]) => el("label", {class: name === "query" && "grow"}, label, el("input", {name, ...about}))),
    el("label", {}, "Mood", el("select", {name: "mood"}, moods.map((mood) => el("option", {value: mood}, mood || "any")))),
    el("button", {type: "submit"}, "Search"));
  return form;
}

const title = (song) => song.title ?? song.tags?.title ?? song.name;

const columns = [
  ["Title", (song) => el("a", {href: `#song/${song.id}`}, title(song))], ["Artist", (song) => song.artist ?? song.tags?.artist],
  ["Tempo", (song) => song.tempo && Math.round(song.tempo)], ["Key", (song) => song.key && musical(song.key)],
  ["Mood", (song) => typeof song.mood === "string" && song.mood], ["Genre", (song) => song.genre],
  ["Yours", (song) => song.own_genre],
  ["Sure", (song) => song.said ? "said" : song.confidence !== undefined && percent(song.confidence)], ["Length", (song) => song.duration && clock(song.duration)], ["Alike", (song) => song.similarity !== undefined && percent(song.similarity)],
];

// Songs as a table, with those columns that say something; `actions(song)`: buttons.
function table(songs, actions) {
  const used = columns.filter(([, cell]) => songs.some((song) => cell(song)));
  const head = [...used.map(([name]) => el("th", {scope: "col"}, name)), actions && el("th", {scope: "col"}, el("span", {class: "unseen"}, "What else"))];
  const more = (song) => actions && el("td", {class: "actions"}, actions(song));
  return el("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of songs"}, el("table", {class: "found"}, el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, songs.map((song) => el("tr", {}, used.map(([, cell]) => el("td", {class: "number"}, cell(song) || "")), more(song))))));
}

export async function libraryView(place) {
  const found = el("div", {role: "region", "aria-label": "Songs that were found"});
  const tell = (work) => work().catch((problem) => found.replaceChildren(el("p", {class: "fault", role: "alert"}, problem.message)));
  const genres = await hasLibrary() && genresPanel(show, title);
  const actions = genres && ((song) => song.upload ? [] : [el("button", {type: "button", class: "quiet small", "aria-label": `similar to ${title(song)}`,
    onclick: () => tell(() => showSimilar(song))}, "similar"), genres.choose(song)]);
  const form = searchForm(() => { offset = 0; tell(search); });
  let offset = 0;

  function turn(by) {
    offset = Math.max(offset + by, 0);
    tell(search);
  }
  function show(words, songs, ...rest) {
    found.replaceChildren(el("h2", {}, words), songs.length ? table(songs, actions) : el("p", {class: "soft"}, "There are none."), ...rest);
    say(words);
  }
  async function search() {
    const query = new URLSearchParams({limit: page, offset});
    for (const [name, value] of new FormData(form)) if (value) query.set(name, value);
    const {songs, total} = await get(`/v1/songs?${query}`);
    const pages = total > page ? [el("p", {class: "row"},
      el("button", {type: "button", class: "quiet", disabled: offset === 0, onclick: () => turn(-page)}, "before"),
      el("span", {class: "number"}, `${offset + 1} to ${offset + songs.length} of ${total}`),
      el("button", {type: "button", class: "quiet", disabled: offset + songs.length >= total, onclick: () => turn(page)}, "after"))] : [];
    show(total === 1 ? "1 song" : `${total} songs`, songs, ...pages);
  }
  async function showSimilar(song) {
    const {songs} = await get(`/v1/songs/${song.id}/similar?limit=20`);
    show(`Like ${title(song)}`, songs, el("button", {type: "button", class: "quiet", onclick: () => tell(search)}, "back to all"));
  }
  async function duplicates() {
    const {groups} = await get("/v1/library/duplicates");
    const words = groups.length === 1 ? "1 recording is there more than once" : `${groups.length} recordings are there more than once`;
    found.replaceChildren(el("h2", {}, words), ...groups.map((group) => table(group.songs, actions)));
    say(words);
  }
  const twice = genres && el("p", {class: "row"},
    el("button", {type: "button", class: "quiet", onclick: () => tell(duplicates)}, "Recordings that are there twice"));
  place.append(el("h1", {}, "Library"), form, twice || "", genres ? genres.element : "", found);
  await tell(search);
}
