// Before the first paint, so that a dark room stays dark.
(() => {
  try {
    const theme = localStorage.getItem('theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    const language = localStorage.getItem('language');
    if (language) document.documentElement.lang = language;
  } catch { /* a browser without storage shows what the system asks for */ }
})();
