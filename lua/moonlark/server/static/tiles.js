// Tiles of a song's map: fetched when they are seen, kept while there is room, given up when nobody looks any more.

const room = 256; // pictures that are kept: about 40 MB
const atOnce = 6; // requests under way: what a browser opens to one place
const patience = 1500; // ms until a tile that failed is asked for again

export class Tiles {
  // `address` of the map; `about`: what the service says of it; `ready` is called when a tile has come.
  constructor(address, about, ready) {
    Object.assign(this, {address, about, ready});
    this.kept = new Map(); // "zoom/index" -> ImageBitmap, in the order of use
    this.coming = new Map(); // -> AbortController
    this.failed = new Map(); // -> when
    this.queue = [];
  }

  columns(zoom) {
    return Math.ceil(this.about.columns / 2 ** zoom);
  }

  count(zoom) {
    return Math.ceil(this.columns(zoom) / this.about.tile);
  }

  // The picture, if it is there.
  get(zoom, index) {
    const name = `${zoom}/${index}`, picture = this.kept.get(name);
    if (!picture) return undefined;
    this.kept.delete(name);
    this.kept.set(name, picture);
    return picture;
  }

  // What is looked at now, as [zoom, index], the most wanted first: what else is on its way is given up.
  want(places) {
    const names = places.filter(([zoom, index]) => index >= 0 && index < this.count(zoom)).map((place) => place.join("/"));
    const wanted = new Set(names), now = performance.now();
    for (const [name, control] of this.coming) if (!wanted.has(name)) control.abort();
    this.queue = names.filter((name) => !this.kept.has(name) && !this.coming.has(name) && !(now - this.failed.get(name) < patience));
    this.next();
  }

  next() {
    while (this.queue.length && this.coming.size < atOnce) this.fetch(this.queue.shift());
  }

  async fetch(name) {
    const control = new AbortController();
    this.coming.set(name, control);
    try {
      const response = await fetch(`${this.address}/${name}.png`, {signal: control.signal});
      if (!response.ok) throw new Error(response.statusText);
      const picture = await createImageBitmap(await response.blob());
      if (this.closed) return picture.close();
      this.keep(name, picture);
      this.ready();
    } catch (why) {
      if (why.name !== "AbortError") this.fail(name);
    } finally {
      this.coming.delete(name);
      this.next();
    }
  }

  fail(name) {
    this.failed.set(name, performance.now());
    setTimeout(() => this.closed || this.ready(), patience + 50);
  }

  keep(name, picture) {
    this.kept.set(name, picture);
    for (const [oldest, old] of this.kept) {
      if (this.kept.size <= room) break;
      old.close();
      this.kept.delete(oldest);
    }
  }

  close() {
    this.closed = true;
    this.want([]);
    for (const picture of this.kept.values()) picture.close();
    this.kept.clear();
  }
}
