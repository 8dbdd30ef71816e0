import { render } from 'preact';
import { App } from './app.tsx';
import { followLinks } from './ui/location.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/controls.css';
import './styles/dialog.css';
import './styles/tables.css';
import './styles/run.css';
import './styles/charts.css';

const root = document.querySelector('#app');
if (root) {
  followLinks();
  render(<App />, root);
}
