// Tiles of a song's map: fetched when they are seen, kept while there is room, given up when nobody looks any more.

const room = 256; // pictures that are kept: about 40 MB

export class Tiles {
  // `address` of the map; `about`: what the service says of it; `ready` is called when a tile has come.
  constructor(address, about, ready) {
    this.address = address;
    this.about = about;
    this.ready = ready;
    this.kept = new Map(); // "zoom/index" -> ImageBitmap, in the order of use
    this.coming = new Map(); // -> AbortController
  }

  columns(zoom) {
    return Math.ceil(this.about.columns / 2 ** zoom);
  }

  count(zoom) {
    return Math.ceil(this.columns(zoom) / this.about.tile);
  }

  // The picture, if it is there; otherwise it is fetched.
  get(zoom, index) {
    const name = `${zoom}/${index}`, picture = this.kept.get(name);
    if (!picture) return this.fetch(name);
    this.kept.delete(name);
    this.kept.set(name, picture);
    return picture;
  }

  // The same without fetching.
  peek(zoom, index) {
    return this.kept.get(`${zoom}/${index}`);
  }

  async fetch(name) {
    if (this.coming.has(name) || this.failed?.has(name)) return;
    const control = new AbortController();
    this.coming.set(name, control);
    try {
      const response = await fetch(`${this.address}/${name}.png`, {signal: control.signal});
      if (!response.ok) throw new Error(response.statusText);
      this.keep(name, await createImageBitmap(await response.blob()));
      this.ready();
    } catch (why) {
      if (why.name !== "AbortError") (this.failed ??= new Set()).add(name);
    } finally {
      this.coming.delete(name);
    }
  }

  keep(name, picture) {
    this.kept.set(name, picture);
    for (const [oldest, old] of this.kept) {
      if (this.kept.size <= room) break;
      old.close();
      this.kept.delete(oldest);
    }
  }

  // Gives up what is on its way and not among the wanted names.
  want(names) {
    for (const [name, control] of this.coming) if (!names.has(name)) control.abort();
  }

  close() {
    this.want(new Set());
    for (const picture of this.kept.values()) picture.close();
    this.kept.clear();
  }
}
