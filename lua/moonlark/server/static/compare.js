// Two songs side by side, on one axis of time.
import {get} from "./api.js";
import {cards} from "./cards.js";
import {el, percent} from "./dom.js";
import {adopt, hear} from "./shelf.js";
import {player} from "./song.js";

// Those of the library are compared by their sound.
async function similarity(one, other) {
  if (one.upload || other.upload) return undefined;
  const said = await get(`/v1/songs/${one.id}/similar?limit=100`).catch(() => ({songs: []}));
  const found = (said.songs ?? []).find((song) => song.id === other.id);
  return found && el("p", {}, `They are ${percent(found.similarity)} alike.`);
}

export async function compareView(place, ...ids) {
  if (ids.length !== 2) throw new Error("Choose two songs to compare.");
  const songs = await Promise.all(ids.map(adopt));
  place.append(el("h1", {}, "Two songs"), el("p", {role: "status", class: "soft"}, "They are being heard …"));
  await Promise.all(songs.map((song) => song.result ? null : hear(song)));
  const failed = songs.find((song) => !song.result);
  if (failed) throw new Error(`${failed.name}: ${failed.fault}`);
  const players = songs.map((song) => player(song, 200));
  const [one, other] = players.map((made) => made.view);
  // What one is looked at goes for the other, too.
  let following = false;
  const pair = (leader, follower) => {
    leader.onlook = (start, scale) => {
      if (following || !follower.width) return;
      following = true;
      follower.look(start, scale);
      following = false;
    };
  };
  pair(one, other);
  pair(other, one);
  place.replaceChildren(el("h1", {}, "Two songs"), await similarity(...songs) ?? "", el("div", {class: "two"}, songs.map((song, i) =>
    el("section", {"aria-label": song.name}, el("h2", {}, el("a", {href: `#song/${song.id}`}, song.name)), players[i].element,
      cards(song.result, song.predicted)))));
  return () => players.forEach((made) => made.close());
}
