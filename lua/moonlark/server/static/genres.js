// Genres of one's own: a person gives examples, the service guesses the rest, and asks where it is unsure.
import {get, post} from "./api.js";
import {el, say} from "./dom.js";
import {percent} from "./words.js";

const place = "/v1/library/genres";

// `show(words, songs)` lists songs. Returns {element, choose(song)}: choose gives a button that makes a song an example.
export function genresPanel(show, title) {
  const names = el("datalist", {id: "genre-names"}), asked = el("div"), state = el("span", {class: "soft", role: "status"});
  const genre = el("input", {type: "text", list: "genre-names", placeholder: "late at night", size: 14});
  const tell = (work) => work().catch((problem) => { state.textContent = problem.message; });

  async function tellGenre(song, name, yes) {
    await post(place, {song: song.id, genre: name, yes});
    const words = `${title(song)} is ${yes ? "" : "not "}${name}.`;
    state.textContent = words;
    say(words);
    await refresh();
  }
  function question(song) {
    const answer = (yes) => el("button", {type: "button", class: "quiet small", "aria-label": `${yes ? "Yes" : "No"}: ${title(song)}, ${song.own_genre}`,
      onclick: () => tell(() => tellGenre(song, song.own_genre, yes))}, yes ? "yes" : "no");
    return el("p", {class: "asked"}, el("span", {class: "name"}, "Is ", el("a", {href: `#song/${song.id}`}, title(song)), ` ${song.own_genre}?`),
      el("small", {class: "number"}, `${percent(song.confidence)} sure`), answer(true), answer(false));
  }
  // The names there are, and what is best asked next; guesses need two genres.
  async function refresh() {
    const {genres} = await get(place);
    names.replaceChildren(...genres.map((name) => el("option", {value: name})));
    guesses.hidden = genres.length < 2;
    asked.replaceChildren(...(genres.length < 2 ? [] : (await get(`${place}/questions?count=3`)).songs.map(question)));
  }
  const guesses = el("button", {type: "button", class: "quiet", hidden: true,
    onclick: () => tell(async () => show("What each song may be", (await get(`${place}/suggestions`)).songs))}, "All guesses");
  const element = el("details", {class: "genres", ontoggle: (event) => event.currentTarget.open && tell(refresh)}, el("summary", {}, "Genres of your own"),
    el("p", {class: "soft"}, "Name a genre and press “example” beside a few songs. Of two genres or more the others are guessed, and you are asked where that is unsure."),
    el("div", {class: "row search"}, el("label", {}, "Genre", genre), guesses, state), names, asked);
  return {element, choose: (song) => el("button", {type: "button", class: "quiet small", "aria-label": `${title(song)} is an example of the genre`,
    onclick: () => {
      element.open = true;
      if (genre.value.trim()) return tell(() => tellGenre(song, genre.value.trim(), true));
      state.textContent = "Which genre? Name it first.";
      return genre.focus();
    }}, "example")};
}
