#!/usr/bin/env python3
"""The page of `moonlark serve` in headless Chromium, end to end: page_test.py PORT SONG BROKEN RUNS GUARDED [AXE]

SONG is a sound of half a minute, BROKEN a file that is none, RUNS the folder of runs that the service shows, with `first`,
which is finished, and `going`, which is not; the service has a model of the classes quiet and loud, and a library of four
songs, jazz.0000N.wav and rock.0000N.wav. At the port GUARDED another asks for the token "sixteen-letters-". AXE is axe.min.js of
axe-core (npm), without which that part is skipped. Every test begins with a browser that has seen nothing; after each, its
console must hold no error.
"""
import os
import sys
import time
import unittest

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PORT, SONG, BROKEN, RUNS, GUARDED = sys.argv[1:6]
AXE = sys.argv[6] if len(sys.argv) > 6 else None
HEARD = "[data-state=done] a.name"
PATIENCE = 120


def open_browser(width=1280, dark=False):
    options = webdriver.ChromeOptions()
    for word in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
                 "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream",
                 "--use-fake-ui-for-media-stream", "--disable-background-networking", "--no-first-run"]:
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
    scheme = "dark" if dark else "light"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.set_script_timeout(60)
    return browser


class Page(unittest.TestCase):
    width, dark, port = 1280, False, PORT

    def setUp(self):
        self.browser = open_browser(self.width, self.dark)
        self.addCleanup(self.browser.quit)
        self.expected = []  # parts of lines that the console may hold
        self.address = f"http://127.0.0.1:{self.port}/"
        self.browser.get(self.address)

    def tearDown(self):
        bad = [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"
               and not any(part in entry["message"] for part in self.expected)]
        self.assertEqual(bad, [])
        for entry in self.browser.get_log("performance"):  # nothing is fetched from elsewhere
            if '"Network.requestWillBeSent"' in entry["message"]:
                address = entry["message"].split('"url":"')[1].split('"')[0]
                self.assertTrue(address.startswith((self.address, "blob:", "data:", "ws://127.0.0.1", "chrome")), address)

    def wait(self, what, f):
        """What f gives once it gives something; what the page replaces meanwhile is looked for again."""
        passing = [StaleElementReferenceException, IndexError]
        return WebDriverWait(self.browser, PATIENCE, .1, ignored_exceptions=passing).until(lambda _: f(), what)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def send(self, *paths):
        self.browser.find_element(By.ID, "files").send_keys("\n".join(paths))

    def go(self, view):
        self.browser.execute_script("location.hash = arguments[0]", view)

    def open_song(self):
        """Sends the song, waits until it has been heard, and opens it."""
        self.send(SONG)
        self.wait("the song is heard", lambda: self.all(HEARD))[0].click()
        self.wait("its cards", lambda: self.all(".cards .card"))
        self.wait("its map", lambda: self.shades() > 50)

    def shades(self):
        """How many colours the middle of the map has: 1 while nothing is drawn."""
        return self.browser.execute_script("""
            const canvas = document.querySelector("canvas.map");
            if (!canvas) return 0;
            const {data} = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 2);
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
            return seen.size;""")

    def ruler(self, number=0):
        """The picture of a map, which changes with what is looked at."""
        return self.browser.execute_script("return document.querySelectorAll('canvas.map')[arguments[0]].toDataURL()", number)

    def problems(self):
        """What axe-core finds."""
        with open(AXE, encoding="utf-8") as file:
            self.browser.execute_script(file.read())
        found = self.browser.execute_async_script("""
            const done = arguments[0];
            axe.run(document, {resultTypes: ["violations"]}).then((r) => done(r.violations));""")
        return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]


class Songs(Page):
    def test_a_dropped_file_is_heard(self):
        with open(SONG, "rb") as file:
            size = len(file.read())
        self.browser.execute_script("""
            const input = document.createElement("input");
            input.type = "file"; input.id = "taken"; input.hidden = true;
            document.body.append(input);""")
        self.browser.find_element(By.ID, "taken").send_keys(SONG)
        taken = self.browser.execute_script("""
            const transfer = new DataTransfer(), file = document.getElementById("taken").files[0];
            transfer.items.add(file);
            document.querySelector(".drop").dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
            return file.size;""")
        self.assertEqual(taken, size)
        self.wait("progress", lambda: self.all(".entry progress") or self.all(HEARD))
        self.wait("the song is heard", lambda: self.all(HEARD))
        self.assertIn("BPM", self.all(".entry")[0].text)
        self.assertIn(os.path.basename(SONG), self.browser.find_element(By.ID, "said").text + self.all(".entry")[0].text)

    def test_several_files_and_a_broken_one(self):
        self.expected = ["422", "415", "400"]
        self.send(BROKEN, SONG)
        self.wait("the song is heard", lambda: self.all(HEARD))
        fault = self.wait("the broken one is told", lambda: self.all(".entry .fault"))[0]
        self.assertGreater(len(fault.text), 10)
        self.assertEqual(len(self.all(".entry")), 2)
        self.all(f".entry button[aria-label*='{os.path.basename(BROKEN)}']")[0].click()
        self.assertEqual(len(self.all(".entry")), 1)

    def test_a_name_is_no_markup(self):
        path = os.path.join(os.path.dirname(SONG), "<img src=x onerror=alert(1)>.wav")
        if not os.path.exists(path):
            os.link(SONG, path)
        self.send(path)
        self.wait("the song is heard", lambda: self.all(HEARD))
        self.assertEqual(self.all(".entry img"), [])

    def test_a_reload_in_the_middle(self):
        self.send(SONG)
        self.wait("it is there", lambda: self.browser.execute_script("return JSON.parse(sessionStorage.songs ?? '[]').some((s) => s.analysis)"))
        self.browser.refresh()
        self.wait("the song is heard", lambda: self.all(HEARD))
        self.assertEqual(len(self.all(".entry")), 1)
        self.assertIn("BPM", self.all(".entry")[0].text)

    def test_two_are_compared(self):
        other = os.path.join(os.path.dirname(SONG), "other.wav")
        self.send(SONG, other)
        self.wait("both are heard", lambda: len(self.all(HEARD)) == 2)
        for box in self.all(".pick input"):
            box.click()
        self.browser.find_element(By.LINK_TEXT, "Compare the two").click()
        self.wait("two maps", lambda: len(self.all("canvas.map")) == 2)
        self.wait("they are drawn", lambda: self.shades() > 50)
        self.assertIn("BPM", self.all(".beside")[0].text)
        whole = self.ruler(1)
        self.all("canvas.map")[0].send_keys("+", "+")  # one leads, the other follows
        self.wait("the other is nearer, too", lambda: self.ruler(1) != whole)


class Song(Page):
    def test_what_was_heard_is_shown(self):
        self.open_song()
        titles = [card.text for card in self.all(".card h2")]
        for title in ["Genre", "Tempo", "Key", "Mood", "Chords", "Structure", "Loudness", "Quality"]:
            self.assertIn(title, titles)
        for summary in self.all("summary"):
            summary.click()
        self.assertGreater(len(self.all("details tbody tr")), 2)
        self.assertIn("Confidence over time", self.all("figure")[0].text)
        self.assertIn("loud", self.all(".chart")[0].get_attribute("aria-label"))

    def test_a_song_is_seen_while_it_is_heard(self):
        self.send(SONG)
        self.wait("it is there", lambda: self.all("a.name"))[0].click()
        self.wait("its map", lambda: self.shades() > 50)
        self.wait("its cards", lambda: self.all(".cards .card"))
        self.assertEqual(len(self.all("canvas.map")), 1)

    def test_what_lies_under_the_pointer_is_said(self):
        self.open_song()
        self.browser.execute_script("""
            const canvas = document.querySelector("canvas.map"), {left, top, width, height} = canvas.getBoundingClientRect();
            canvas.dispatchEvent(new PointerEvent("pointermove", {clientX: left + width / 2, clientY: top + height / 2, bubbles: true}));""")
        self.assertRegex(self.all(".readout")[0].text, r"^0:\d\d\.\d · [\d.]+ k?Hz [A-G]♯?\d")

    def test_every_map(self):
        self.open_song()
        chosen = self.browser.find_element(By.CSS_SELECTOR, "select[aria-label=Map]")
        before = self.ruler()
        for kind in ["cqt", "chroma", "tonnetz", "mel"]:
            chosen.find_element(By.CSS_SELECTOR, f"option[value={kind}]").click()
            self.wait(kind, lambda: self.ruler() != before and self.shades() > 5)
            before = self.ruler()

    def test_zoom_and_keys(self):
        self.open_song()
        canvas = self.browser.find_element(By.CSS_SELECTOR, "canvas.map")
        whole = self.ruler()
        canvas.send_keys("+", "+", "+")
        self.wait("it is nearer", lambda: self.ruler() != whole)
        near = self.ruler()
        canvas.send_keys(Keys.END)
        self.wait("it is at the end", lambda: self.ruler() != near)
        self.assertEqual(canvas.get_attribute("aria-valuenow"), canvas.get_attribute("aria-valuemax"))
        canvas.send_keys(Keys.HOME)
        canvas.send_keys("-", "-", "-")
        self.assertEqual(canvas.get_attribute("aria-valuenow"), "0")

    def test_the_wheel_zooms_with_control_only(self):
        self.open_song()
        before = self.ruler()
        turn = """document.querySelector("canvas.map").dispatchEvent(new WheelEvent("wheel", {deltaY: -300, ctrlKey: arguments[0], bubbles: true, cancelable: true}))"""
        self.assertTrue(self.browser.execute_script("return " + turn, False))  # the page may scroll
        self.assertFalse(self.browser.execute_script("return " + turn, True))
        self.wait("it is nearer", lambda: self.ruler() != before)

    def test_layers_are_switched(self):
        self.open_song()
        for name in ["sections", "chords", "predictions", "beats"]:
            before = self.ruler()
            button = next(one for one in self.all("button[aria-pressed]") if one.text == name)
            button.click()
            self.assertEqual(button.get_attribute("aria-pressed"), "false")
            self.wait(name, lambda: self.ruler() != before)

    def test_the_sound_plays_and_the_cursor_goes_along(self):
        self.open_song()
        self.browser.execute_script("document.querySelector('audio').currentTime = 5")
        canvas = self.browser.find_element(By.CSS_SELECTOR, "canvas.map")
        self.wait("the cursor is there", lambda: canvas.get_attribute("aria-valuenow") == "5")
        canvas.send_keys(" ")
        self.wait("it plays", lambda: int(canvas.get_attribute("aria-valuenow")) > 5)
        canvas.send_keys(" ")
        self.assertTrue(self.browser.execute_script("return document.querySelector('audio').paused"))

    def test_a_song_that_is_not_there(self):
        self.expected = ["404"]
        self.go("song/0123456789abcdef0123456789abcdef")
        self.wait("it is told", lambda: self.all("[role=alert]"))


class Keyboard(Page):
    def test_all_is_reached_by_tab(self):
        self.open_song()
        self.browser.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        seen = []
        for _ in range(40):
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
            seen.append(self.browser.execute_script(
                "const e = document.activeElement; return e.getAttribute('aria-label') || e.textContent.trim().slice(0, 20) || e.tagName"))
        for part in ["To the content", "Library", "Map", "Zoom in", "beats"]:
            self.assertIn(part, seen)
        self.assertTrue(any(one.startswith("Position in") for one in seen), seen)

    def test_the_link_to_the_content(self):
        self.browser.find_element(By.CSS_SELECTOR, ".skip").send_keys(Keys.ENTER)
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "main")


class Views(Page):
    def test_library_and_runs(self):
        self.go("library")
        self.wait("the library", lambda: self.all("table") or self.all(".soft"))
        self.go("runs")
        self.wait("the runs", lambda: self.all("h1") and "Runs" in self.all("h1")[0].text)
        self.assertEqual(self.all(".fault[role=alert]"), [])

    def test_a_run_is_told(self):
        self.go("runs")
        self.wait("the run", lambda: self.all("main td a"))
        self.browser.find_element(By.LINK_TEXT, "first").click()
        self.wait("its curves", lambda: self.all(".chart"))
        self.assertEqual([one.text for one in self.all("figcaption")], ["Loss", "Scores"])
        self.assertEqual([one.text for one in self.all(".confusion tbody td")], ["3", "1", "0", "4"])

    def test_a_training_is_seen_as_it_goes_on(self):
        self.go("runs/going")
        self.wait("its state", lambda: "running" in self.all("main [role=status]")[0].text)
        before = self.all("polyline")[0].get_attribute("points").count(",")
        with open(os.path.join(RUNS, "going", "metrics.jsonl"), "a", encoding="utf-8") as file:
            file.write('{"epoch": 9, "loss": 0.1}\n')
        self.wait("the epoch", lambda: self.all("polyline")[0].get_attribute("points").count(",") == before + 1)

    def test_the_library_is_searched(self):
        self.open_song()
        self.go("library")
        self.wait("the song", lambda: self.all("main tbody tr"))
        query = self.browser.find_element(By.NAME, "query")
        query.send_keys("no such song", Keys.ENTER)
        self.wait("nothing", lambda: not self.all("main tbody tr"))
        query.clear()
        query.send_keys("jazz", Keys.ENTER)
        self.wait("the song again", lambda: self.all("main tbody tr"))

    def test_own_genres_are_taught(self):
        self.go("library")
        self.wait("the songs", lambda: len(self.all("main tbody tr")) >= 4)
        self.all(".actions button[aria-label*=' example ']")[0].click()
        self.wait("the name is asked for", lambda: "Name it first" in self.all(".genres [role=status]")[0].text)
        name = self.browser.switch_to.active_element
        for genre in ["jazz", "rock"]:
            name.clear()
            name.send_keys("my " + genre)
            self.all(f".actions button[aria-label^='{genre}.00000.wav is an example']")[0].click()
            self.wait("it is noted", lambda: f"my {genre}." in self.all(".genres [role=status]")[0].text)
        question = self.wait("a question", lambda: self.all(".asked")[0].text)
        self.assertRegex(question, r"^Is (jazz|rock)\.00001\.wav my (jazz|rock)\?")
        self.all(".asked button")[0].click()
        self.wait("another question, or none", lambda: not self.all(".asked") or self.all(".asked")[0].text != question)
        next(one for one in self.all(".genres button") if one.text == "All guesses").click()
        self.wait("guesses", lambda: "What each song may be" in [one.text for one in self.all("main h2")])
        self.assertIn("my jazz", self.all("main tbody")[0].text)

    def test_what_is_alike_and_what_is_there_twice(self):
        self.go("library")
        self.wait("the songs", lambda: len(self.all("main tbody tr")) >= 4)
        self.all(".actions button[aria-label='similar to jazz.00000.wav']")[0].click()
        self.wait("those alike", lambda: "Like jazz.00000.wav" in [one.text for one in self.all("main h2")])
        self.browser.find_element(By.XPATH, "//button[contains(., 'there twice')]").click()
        self.wait("those there twice", lambda: "more than once" in self.all("main h2")[0].text)

    def test_the_microphone_is_heard(self):
        self.go("live")
        self.wait("the button", lambda: self.all("main button"))[0].click()
        self.wait("its level", lambda: self.all(".level .bar"))
        self.wait("its spectrum", lambda: self.shades() > 5)
        self.all("main button")[0].click()
        self.wait("it has ended", lambda: self.all("main button")[0].text == "Listen")

    def test_the_theme_is_kept(self):
        paper = "return getComputedStyle(document.documentElement).backgroundColor"
        light = self.browser.execute_script(paper)
        self.browser.find_element(By.ID, "theme").click()
        dark = self.browser.execute_script(paper)
        self.assertNotEqual(light, dark)
        self.browser.refresh()
        self.assertEqual(self.browser.execute_script(paper), dark)


class Token(Page):
    port = GUARDED

    def enter(self, token):
        self.wait("the question", lambda: self.all("dialog[open]"))
        self.browser.find_element(By.NAME, "token").send_keys(token, Keys.ENTER)

    def test_who_has_the_token_comes_in(self):
        self.expected = ["401", "403"]
        self.go("library")
        self.enter("not the token at all")
        self.wait("it is refused", lambda: "not the token" in self.all("dialog[open] .fault")[0].text if self.all("dialog[open] .fault") else False)
        self.enter("sixteen-letters-")
        self.wait("the library", lambda: "songs" in self.all("main h2")[0].text if self.all("main h2") else False)
        self.go("songs")
        self.send(SONG)
        self.wait("the song is heard", lambda: self.all(HEARD))
        self.assertEqual(self.browser.execute_script("return document.cookie"), "")  # scripts cannot read it


class Phone(Page):
    width = 390

    def test_nothing_is_wider_than_the_screen(self):
        self.open_song()
        for view in [None, "songs", "library", "runs", "runs/first", "live"]:
            if view:
                self.go(view)
                time.sleep(.5)
            wide = self.browser.execute_script("return document.documentElement.scrollWidth")
            self.assertLessEqual(wide, self.width, view)


@unittest.skipUnless(AXE, "axe-core is not here")
class Access(Page):
    def check_all(self):
        self.assertEqual(self.problems(), [])
        self.open_song()
        self.go("songs")
        self.send(os.path.join(os.path.dirname(SONG), "other.wav"))
        self.wait("both are heard", lambda: len(self.all(HEARD)) == 2)
        ids = self.browser.execute_script("return JSON.parse(sessionStorage.songs).map((song) => song.id)")
        for view in ["songs", f"song/{ids[0]}", f"compare/{ids[0]}/{ids[1]}", "library", "runs", "runs/first", "live"]:
            self.go(view)
            time.sleep(1)
            for summary in self.all("summary"):
                summary.click()
            self.assertEqual((view, self.problems()), (view, []))

    def test_light(self):
        self.check_all()


class AccessInTheDark(Access):
    dark, width = True, 390


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *os.environ.get("PAGE_TESTS", "").split()], verbosity=2)
