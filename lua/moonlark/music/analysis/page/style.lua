--- Style: how the page of an analysis looks, on light and dark screens and on paper.
return require "moonlark.base.html".colours .. [[
:root { --wave: #3b6ea5; --beat: #8a94a0; --down: #1d2329; }
@media (prefers-color-scheme: dark) { :root { --wave: #7fb2e5; --beat: #75808b; --down: #e6eaee; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1.2rem 1rem 3rem; color: var(--ink); background: var(--paper);
  font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
.quiet { color: var(--quiet); margin: 0; }
.player { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: .8rem; align-items: center; padding: .6rem 0;
  background: var(--paper); border-bottom: 1px solid var(--line); }
.player audio { flex: 1 1 18rem; min-width: 0; height: 2.4rem; } .player output { font-variant-numeric: tabular-nums; min-width: 11rem; }
.hint { font-size: .8rem; margin: .4rem 0 0; }
.rules { font-size: .88rem; padding-left: 1.1rem; margin: .6rem 0 0; } .rules li { margin: .15rem 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .6rem; margin: 1rem 0; }
.card { background: var(--lane); border-radius: .5rem; padding: .6rem .8rem; }
.card b { display: block; font-size: .78rem; font-weight: 600; color: var(--quiet); }
.card b::first-letter { text-transform: uppercase; }
.card span { overflow-wrap: anywhere; }
.lane { margin: 0 0 .55rem; } .lane figcaption { color: var(--quiet); font-size: .8rem; margin-bottom: .15rem; }
.lane .stack { position: relative; background: var(--lane); border-radius: .3rem; overflow: hidden; }
.lane canvas { display: block; width: 100%; } .lane canvas.cursor { position: absolute; inset: 0; height: 100%; cursor: pointer; }
.pair { display: grid; grid-template-columns: minmax(0, 24rem) minmax(0, 1fr); gap: 1.4rem; align-items: start; }
.square { aspect-ratio: 1; width: 100%; } .bar { display: grid; grid-template-columns: 8rem 1fr 3rem; gap: .5rem; align-items: center; }
.bar i { height: .8rem; background: var(--wave); border-radius: .2rem; display: block; }
@media (pointer: coarse) { .hint { display: none; } }
@media (max-width: 46rem) { .pair { grid-template-columns: 1fr; } }
.bar i, .bars, .lane canvas { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
@media print { :root { --wave: #3b6ea5; --beat: #999; --down: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; } .player, .hint, .lane canvas.cursor { display: none; } .card { border: 1px solid #bbb; }
  .lane, .card, .bar { break-inside: avoid; } h2 { break-after: avoid; } }
]]
