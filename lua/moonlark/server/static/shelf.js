// The songs that this page has sent, and the work on them: kept for the session, so that a reload picks them up again.
import {follow, get, post, upload} from "./api.js";

const key = "songs";
const changed = new EventTarget();

// What is known of a song: {id, name, state: "sending" | "working" | "done" | "failed", progress, stage, fault,
// analysis, prediction: ids of jobs; result, predicted: what they gave}.
const songs = new Set();

function keep() {
  const list = [...songs].filter((song) => song.id)
    .map(({id, name, duration, upload, analysis, prediction}) => ({id, name, duration, upload, analysis, prediction}));
  sessionStorage.setItem(key, JSON.stringify(list));
}

function set(song, values) {
  Object.assign(song, values);
  keep();
  changed.dispatchEvent(new CustomEvent("song", {detail: song}));
}

export const all = () => [...songs];
export const find = (id) => all().find((song) => song.id === id);

// Calls f(song) whenever something is new; returns what ends that.
export function watch(f) {
  const listener = (event) => f(event.detail);
  changed.addEventListener("song", listener);
  return () => changed.removeEventListener("song", listener);
}

let models; // of the service, asked for once
const firstModel = async () => (models ??= get("/v1/models").then((said) => said.models, () => [])).then((list) => list.find((one) => !one.failure)?.name);

// The job of a kind for a song: the one that was begun, if the service still has it, or a new one.
async function job(song, kind, options) {
  const name = kind === "analyses" ? "analysis" : "prediction";
  const known = song[name] && await get(`/v1/${kind}/${song[name]}`).catch(() => null);
  if (known && !["failed", "cancelled"].includes(known.status)) return known;
  const begun = await post(`/v1/${kind}`, {song: song.id, ...options});
  set(song, {[name]: begun.id});
  return begun;
}

async function predict(song) {
  const model = await firstModel();
  if (model) set(song, {predicted: await follow(await job(song, "predictions", {model, segments: true, top: 8}), () => {})});
}

// Has a song heard, and tells how far that is. A song without a model is complete, too.
export async function hear(song) {
  if (song.hearing) return song.hearing;
  const work = async () => {
    set(song, {state: "working", progress: 0, stage: "waiting", fault: undefined});
    const guess = predict(song).catch((problem) => set(song, {guessFault: problem.message}));
    const result = await follow(await job(song, "analyses"), (progress, stage) => set(song, {progress, stage}));
    await guess;
    set(song, {state: "done", progress: 1, result});
  };
  song.hearing = work().catch((problem) => {
    set(song, {state: "failed", fault: problem.message, gone: problem.status === 404});
  }).finally(() => { song.hearing = undefined; });
  return song.hearing;
}

// Sends a file and has it heard. Files go one after the other, so that the first is heard while the second comes.
let last = Promise.resolve();
export function send(file) {
  const song = {name: file.name, state: "sending", progress: 0, stage: "waiting"};
  songs.add(song);
  set(song, {});
  last = last.then(async () => {
    set(song, {stage: "sending"});
    try {
      const {id, duration} = await upload(file, (progress) => set(song, {progress}));
      for (const other of songs) if (other !== song && other.id === id) songs.delete(other); // sent before
      set(song, {id, duration, upload: true}); // under the name that it has here, whatever it was called before
      hear(song);
    } catch (problem) {
      set(song, {state: "failed", fault: problem.message});
    }
  });
}

export function forget(song) {
  songs.delete(song);
  keep();
  changed.dispatchEvent(new CustomEvent("song", {detail: song}));
}

// A song of the service that this page has not sent: of the library, or of another tab.
export async function adopt(id) {
  const known = find(id);
  if (known) return known;
  const song = await get(`/v1/songs/${id}`);
  songs.add(song);
  set(song, {});
  return song;
}

for (const kept of JSON.parse(sessionStorage.getItem(key) ?? "[]")) {
  const song = {...kept, state: "working", progress: 0};
  songs.add(song);
  hear(song);
}
