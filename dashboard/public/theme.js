// Before the first paint, so that somebody who chose a theme never sees the other one flash by. A file of its own: the server's
// content security policy allows no inline script.
try {
  const theme = localStorage.getItem('pawl.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the system's choice holds.
}
