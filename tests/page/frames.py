#!/usr/bin/env python3
"""How smoothly the page scrolls and zooms a long song: frames.py PORT PATH [SECONDS]

PATH is a sound in a folder that the service at PORT may read (moonlark serve --folders). In headless Chromium the wheel is
turned once a frame, each way for so many seconds; printed are frames a second and how long the slowest frames were.
"""
import json
import sys
import time
import urllib.request

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PORT, PATH = sys.argv[1:3]
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 8
ADDRESS = f"http://127.0.0.1:{PORT}"

# Turns the wheel in each frame and notes when frames were drawn.
TURN = """
const [kind, seconds, done] = arguments, canvas = document.querySelector("canvas.map"), times = [];
const {left, top, width, height} = canvas.getBoundingClientRect();
const turn = (how) => canvas.dispatchEvent(new WheelEvent("wheel", {bubbles: true, cancelable: true,
  clientX: left + width / 2, clientY: top + height / 2, ...how}));
const ways = {
  scroll: (t) => turn({deltaX: t < seconds / 2 ? 40 : -40}),
  zoom: (t) => turn({ctrlKey: true, deltaY: Math.floor(t / 2) % 2 ? 20 : -20}),
};
const begin = performance.now();
function frame(now) {
  times.push(now);
  if (now - begin > seconds * 1000) return done(times);
  ways[kind]((now - begin) / 1000);
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);
"""


def browser():
    options = webdriver.ChromeOptions()
    for word in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900"]:
        options.add_argument(word)
    made = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    made.set_script_timeout(600)
    return made


def wait(driver, script):
    for _ in range(6000):
        if driver.execute_script("return " + script):
            return
        time.sleep(.1)
    raise SystemExit("it took too long: " + script)


def measure(driver, name, kind):
    times = driver.execute_async_script(TURN, kind, SECONDS)
    gaps = sorted(b - a for a, b in zip(times, times[1:]))
    print(f"{name}: {1000 * len(gaps) / (times[-1] - times[0]):.1f} frames/s; of 100 frames 99 within "
          f"{gaps[int(.99 * (len(gaps) - 1))]:.0f} ms, the slowest {gaps[-1]:.0f} ms")


def main():
    request = urllib.request.Request(ADDRESS + "/v1/songs", json.dumps({"path": PATH}).encode(), {"Content-Type": "application/json"})
    song = json.load(urllib.request.urlopen(request))
    driver = browser()
    try:
        driver.get(f"{ADDRESS}/#song/{song['id']}")
        wait(driver, "document.querySelector('.cards') !== null")  # heard, so that its layers are drawn, too
        wait(driver, "document.querySelector('.tools [role=status]').textContent === ''")
        time.sleep(2)
        print(f"{song['duration'] / 60:.0f} minutes, {driver.capabilities['browserVersion']}")
        measure(driver, "zooming from the whole", "zoom")
        driver.execute_script("""const zoom = document.querySelector("[aria-label='Zoom in']"); for (let i = 0; i < 6; i++) zoom.click();""")
        measure(driver, "scrolling near", "scroll")
        driver.execute_script("""const zoom = document.querySelector("[aria-label='Zoom out']"); for (let i = 0; i < 3; i++) zoom.click();""")
        measure(driver, "scrolling from afar", "scroll")
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
