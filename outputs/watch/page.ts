/** What the browser may load: this page's own files and nothing else. Tooltips of the charts are styled by attributes. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page; everything that changes comes from `/data.json`. */
export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>makertaker</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script src="/echarts.js" defer></script>
<script src="/page.js" defer></script>
</head>
<body>
<header>
<h1 id="name">makertaker</h1>
<span id="state" class="state" role="status">loading …</span>
<span id="progress"></span>
<span id="bar" aria-hidden="true"><span id="done"></span></span>
</header>
<p id="notes"></p>
<section id="newest" aria-label="newest figures"></section>
<main id="figures"></main>
<section id="tables"></section>
<details id="config"><summary>Config</summary><pre id="yaml"></pre></details>
<noscript>This page draws its figures by a script of its own, served by makertaker; allow it.</noscript>
</body>
</html>
`;

export const styles = `
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1500px; padding: 16px 24px 48px; font: 14px/1.45 system-ui, sans-serif; color: #222; background: #f6f7f9; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; }
h1 { font-size: 22px; margin: 0; }
h2 { font-size: 15px; margin: 0 0 2px; }
.state { padding: 2px 10px; border-radius: 12px; background: #dfe3e8; }
.state.training { background: #d3ecd9; color: #14532d; }
.state.finished { background: #d6e6f5; color: #0b3d66; }
.state.stopped { background: #fbe6c8; color: #6b3d00; }
.state.gone { background: #f8d3d0; color: #7a1410; }
#progress { color: #555; }
#bar { flex-basis: 100%; height: 4px; background: #dfe3e8; border-radius: 2px; overflow: hidden; }
#done { display: block; height: 100%; width: 0; background: #0b6bb3; }
#notes { color: #555; margin: 8px 0; min-height: 1.45em; }
#newest { display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0 12px; }
.tile { background: #fff; border: 1px solid #e2e5e9; border-radius: 6px; padding: 6px 12px; min-width: 110px; }
.tile b { display: block; font-size: 18px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { color: #555; font-size: 12px; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); gap: 12px; }
.figure { display: flex; flex-direction: column; background: #fff; border: 1px solid #e2e5e9; border-radius: 6px; padding: 10px 12px 4px; min-width: 0; }
.chart { flex: 1 0 300px; min-height: 300px; }
#figure-return { grid-column: span 2; }
#figure-return .chart { flex-basis: 380px; }
@media (max-width: 960px) { #figure-return { grid-column: auto; } }
#tables { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 12px; align-items: flex-start; }
.table { background: #fff; border: 1px solid #e2e5e9; border-radius: 6px; padding: 10px 12px; overflow-x: auto; }
.table p { margin: 0 0 6px; color: #555; font-size: 12px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 12px 2px 0; text-align: right; white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid #ccc; }
th:first-child, td:first-child { text-align: left; }
details { margin-top: 16px; }
pre { background: #fff; border: 1px solid #e2e5e9; border-radius: 6px; padding: 12px; overflow-x: auto; }
.gone-page main, .gone-page #newest, .gone-page #tables { opacity: 0.6; }
`;
