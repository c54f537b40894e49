// Puts the chosen theme on the page before anything is drawn. Without a choice the system's is taken, by style.css.
'use strict';
try {
  const theme = localStorage.getItem('graftwire-theme');
  if (theme === 'light' || theme === 'dark') {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // Storage may be forbidden; then the system's theme it is.
}
