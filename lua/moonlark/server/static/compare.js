// Two songs on one axis of time, and what was heard in them side by side.
import {get, hasLibrary} from "./api.js";
import {shares} from "./cards.js";
import {el, svg} from "./dom.js";
import {player} from "./player.js";
import {adopt, hear} from "./shelf.js";
import {chord, clock, fixed, hasFlats, musical, percent} from "./words.js";

// Those of the library are compared by their sound.
async function similarity(one, other) {
  if (one.upload || other.upload) return undefined;
  if (!await hasLibrary()) return undefined;
  const said = await get(`/v1/songs/${one.id}/similar?limit=100`).catch(() => ({songs: []}));
  const found = (said.songs ?? []).find((song) => song.id === other.id);
  return found && el("p", {}, `They are ${percent(found.similarity)} alike.`);
}

const key = ({result}) => result.key?.tonic && musical(`${result.key.tonic} ${result.key.mode}`);
const mood = (name) => ({result}) => result.mood?.[name]?.value;
const most = (list, flats) => list?.length ? shares(list).slice(0, 4).map(([label]) => chord(label, flats)).join("  ") : undefined;

// What is compared: its name, what it is of a song, and how that is written; shares are drawn as bars.
const rows = [
  ["Genre", ({predicted}) => predicted?.label && `${predicted.label} ${predicted.probability ? percent(predicted.probability) : ""}`],
  ["Tempo", ({result}) => result.tempo, (bpm) => `${Math.round(bpm)} BPM`], ["Key", key],
  ["Beats in a bar", ({result}) => result.meter], ["Length", ({result}) => result.duration, clock],
  ["Energy", mood("energy"), percent, true], ["Brightness", mood("valence"), percent, true],
  ["Excitement", mood("arousal"), percent, true], ["Danceability", mood("danceability"), percent, true],
  ["Loudness", ({result}) => result.loudness?.integrated, (lufs) => `${fixed(lufs, 1)} LUFS`],
  ["Loudness range", ({result}) => result.loudness?.range, (lu) => `${lu.toFixed(1)} LU`],
  ["Form", ({result}) => result.sections?.map((one) => one.label).join(" ")],
  ["Chords", ({result}) => most(result.chords?.filter((one) => one.label !== "N"), hasFlats(result.key))],
  ["Highest frequency", ({result}) => result.quality?.cutoff_hz, (hz) => `${Math.round(hz)} Hz`],
  ["Dynamic range", ({result}) => result.quality?.dynamic_range_db, (db) => `${Math.round(db)} dB`],
];

function meter(share) {
  return svg("svg", {viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true", class: "meter"},
    svg("rect", {width: 100, height: 8, rx: 2, class: "track"}), svg("rect", {width: Math.min(Math.max(100 * share, 0), 100), height: 8, rx: 2, class: "fill"}));
}

function table(songs) {
  const made = [];
  for (const [name, of, write = String, asBar] of rows) {
    const values = songs.map(of);
    if (values.every((value) => value === undefined || value === null || value === "")) continue;
    made.push(el("tr", {}, el("th", {scope: "row"}, name), values.map((value) => el("td", {class: "number"},
      value === undefined || value === null || value === "" ? "–" : [write(value), asBar && meter(value)]))));
  }
  return el("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": "What was heard in both"}, el("table", {class: "beside"},
    el("thead", {}, el("tr", {}, el("td"), songs.map((song) => el("th", {scope: "col"}, song.name)))), el("tbody", {}, made)));
}

// What is looked at in one map is looked at in the other, too.
function pair(one, other) {
  let following = false;
  const lead = (leader, follower) => {
    leader.onlook = (start, scale) => {
      if (following || !follower.width) return;
      following = true;
      follower.look(start, scale);
      following = false;
    };
  };
  lead(one, other);
  lead(other, one);
}

export async function compareView(place, ...ids) {
  if (ids.length !== 2) throw new Error("Choose two songs to compare.");
  const songs = await Promise.all(ids.map(adopt));
  place.append(el("h1", {}, "Two songs"), el("p", {role: "status", class: "soft"}, "They are being heard …"));
  await Promise.all(songs.map((song) => song.result ? null : hear(song)));
  const failed = songs.find((song) => !song.result);
  if (failed) throw new Error(`${failed.name}: ${failed.fault}`);
  const span = Math.max(...songs.map((song) => song.result.duration));
  const players = songs.map((song) => player(song, {height: 160, span}));
  pair(players[0].view, players[1].view);
  place.replaceChildren(el("h1", {}, "Two songs"), await similarity(...songs) ?? "",
    ...songs.map((song, i) => el("div", {class: "one"}, el("h2", {}, el("a", {href: `#song/${song.id}`}, song.name)), players[i].element)), table(songs));
  return () => players.forEach((made) => made.close());
}
