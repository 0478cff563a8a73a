// Draws a link to Sentinel on MLflow's own page: fixed, outside #root, in a shadow root of its own, so that neither
// page knows the other's styles. Whatever fails, there is no link, and nothing is said.
(() => {
  const home = document.currentScript && new URL(".", document.currentScript.src);
  if (!home) return;

  const style = `
    a { position: fixed; right: 16px; bottom: 16px; z-index: 1000; padding: 6px 12px; border: 1px solid #8a97a5;
        border-radius: 16px; background: #ffffff; color: #15202b; font: 600 13px/1.4 system-ui, sans-serif;
        text-decoration: none; box-shadow: 0 2px 8px rgb(0 0 0 / 0.18); }
    a:hover { background: #f4f6f8; }
    a:focus-visible { outline: 2px solid #0a58a6; outline-offset: 2px; }
    @media print { a { display: none; } }`;

  const draw = () => {
    const host = document.createElement("sentinel-link");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
    const link = document.createElement("a");
    link.href = home.href;
    link.textContent = "Drift monitoring";
    root.append(link);
    document.body.append(host);
  };

  fetch(new URL("../api/v1/health", home), { credentials: "same-origin" })
    .then((answer) => answer.ok && draw())
    .catch(() => {});
})();
