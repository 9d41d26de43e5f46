//! How the page looks: in a window light or dark as its reader has it, on paper black on white.

/// The one style sheet.
pub(super) const STYLE: &str = "
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --faint: #60646c; --line: #d9d9e0; --plain: #e8ecf2;
  --plain-edge: #b6bfcc; --mark: #ffd9d2; --mark-edge: #ca3214; --open: #fff3cf; --good: #1a7f4b; --bad: #c4290a; --warn: #8a6100; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #111317; --ink: #e6e8eb; --faint: #9aa0a8; --line: #33373d; --plain: #262b33; --plain-edge: #4a525e;
    --mark: #4b1b12; --mark-edge: #ff7a5c; --open: #3a3013; --good: #4fce8e; --bad: #ff8a70; --warn: #e8b84a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 75rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.35rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .3rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
p { margin: .2rem 0 .6rem; } .faint { color: var(--faint); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } b { font-weight: 650; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; color: var(--faint); font-weight: 500; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
ol { margin: .3rem 0 .8rem; padding-left: 1.6rem; } code { font: 13px/1.5 ui-monospace, monospace; }
.drawing { overflow-x: auto; margin: .4rem 0 1rem; border: 1px solid var(--line); border-radius: 6px; }
svg { display: block; } svg.fits { max-width: 100%; height: auto; } svg text { font: 12px ui-monospace, monospace; fill: var(--ink); }
svg .who { fill: var(--faint); } svg .lane { stroke: var(--line); }
svg rect { fill: var(--plain); stroke: var(--plain-edge); } svg .marked rect { fill: var(--mark); stroke: var(--mark-edge); stroke-width: 1.5; }
svg .open rect { stroke-dasharray: 4 3; } svg .failed text { text-decoration: line-through; } svg .number { fill: var(--mark-edge); font-weight: 700; }
details { margin: .6rem 0; } summary { cursor: pointer; color: var(--faint); }
@media print { body { max-width: none; padding: 0; } .drawing { border: 0; overflow: visible; break-inside: avoid; } svg { max-width: 100%; height: auto; } }
";
