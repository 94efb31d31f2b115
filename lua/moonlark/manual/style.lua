--- Style: how a manual looks, on wide and narrow screens, light and dark, and on paper.
return require "moonlark.base.html".colours .. [[
:root { --code: #7a3e9d; --text: #1a6b3c; }
@media (prefers-color-scheme: dark) { :root { --code: #c9a6f0; --text: #86d1a3; } }
@media print { :root { --code: #444; --text: #444; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif; }
header { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; align-items: baseline;
  padding: .6rem 1rem; background: var(--paper); border-bottom: 1px solid var(--line); }
header nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; } header a { color: var(--ink); text-decoration: none; }
header a:hover { text-decoration: underline; } header a[aria-current] { color: var(--accent); }
.home { font-weight: 700; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; z-index: 3; padding: .4rem .8rem;
  background: var(--paper); color: var(--accent); border: 2px solid var(--accent); }
main { max-width: 62rem; margin: 0 auto; padding: .4rem 1rem 3rem; }
footer { border-top: 1px solid var(--line); color: var(--quiet); font-size: .85rem; }
footer p { max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 1.2rem 0 .6rem; overflow-wrap: anywhere; }
h2, h3 { line-height: 1.25; margin: 0 0 .4rem; overflow-wrap: anywhere; } h2 { font-size: 1.3rem; } h3 { font-size: 1.08rem; }
h2 a, h3 a { color: inherit; text-decoration: none; } h2 a:hover, h3 a:hover { text-decoration: underline; }
p { margin: .5rem 0; max-width: 48rem; overflow-wrap: anywhere; }
a { color: var(--accent); } a:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font-family: "DejaVu Sans Mono", ui-monospace, monospace; font-size: .88em; }
pre { overflow-x: auto; margin: .6rem 0; padding: .7rem .9rem; background: var(--lane); border-radius: .4rem;
  border: 1px solid var(--line); line-height: 1.45; } pre code { font-size: 1em; }
.c { color: var(--quiet); } .s { color: var(--text); } .k { color: var(--code); }
.example { margin: .8rem 0; } .example pre { margin: 0; } .example pre.result { border-top: 0; border-radius: 0 0 .4rem .4rem;
  background: var(--paper); } .example pre:has(+ .result) { border-radius: .4rem .4rem 0 0; }
img { display: block; max-width: 100%; height: auto; margin: .6rem 0; background: #fff; border: 1px solid var(--line);
  border-radius: .4rem; } .shown { overflow-x: auto; margin: .6rem 0; } audio { max-width: 100%; }
.item { border-top: 1px solid var(--line); margin-top: 1.6rem; padding-top: 1.1rem; }
td[data-label="unit"], td[data-label^="the test"] code { white-space: nowrap; }
main > h2, main > section:not(.item) > h2 { margin-top: 1.6rem; }
.call code { color: var(--quiet); } .call { margin-bottom: .7rem; }
table { border-collapse: collapse; margin: .8rem 0; font-size: .92rem; }
caption { text-align: left; font-weight: 600; color: var(--quiet); padding: .2rem 0; font-size: .85rem; }
th, td { padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 500; } thead th { color: var(--quiet); font-size: .82rem; }
td { overflow-wrap: anywhere; } tbody th { overflow-wrap: anywhere; min-width: 6rem; }
.contents { max-height: 26rem; overflow-y: auto; border: 1px solid var(--line); border-radius: .4rem; padding: 0 .9rem;
  margin: 1rem 0; background: var(--lane); } .contents table { width: 100%; margin: 0; }
.contents thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
.contents tr:last-child > * { border: 0; } .contents a { text-decoration: none; } .contents a:hover { text-decoration: underline; }
.search input { font: inherit; padding: .3rem .5rem; color: var(--ink); background: var(--lane); border: 1px solid var(--line);
  border-radius: .3rem; } output { margin-left: .8rem; color: var(--quiet); } [hidden] { display: none; }
.method { padding-left: 1.2rem; } .quiet { color: var(--quiet); }
.beside .example { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 1.2rem; align-items: start; }
.beside pre { grid-column: 1; white-space: pre-wrap; overflow-wrap: anywhere; }
.beside img { grid-column: 2; grid-row: 1 / span 4; max-width: 100%; height: auto; }
@media (max-width: 42rem) {
  .beside .example { display: block; }
  header { position: static; } html { scroll-padding-top: .5rem; }
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
  table, caption, tbody, tr, th, td { display: block; width: 100%; } tr { border-bottom: 1px solid var(--line); padding: .35rem 0; }
  th, td { border: 0; padding: .05rem 0; } td.empty { display: none; }
  .options td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); font-size: .85em; }
}
@media print {
  header, .skip, .contents { display: none; } main, footer p { max-width: none; padding: 0; } body { font-size: 10pt; }
  pre { white-space: pre-wrap; overflow: visible; } pre, tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
]]
