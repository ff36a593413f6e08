import { css } from 'lit';

/** The button in the header, the panel below it, and what is over the page while files are held there. */
export const styles = css`
  .toggle {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    height: 2.25rem;
    padding: 0 0.9rem;
    border: 1px solid var(--line);
    border-radius: 99px;
    background: var(--surface);
    white-space: nowrap;
  }
  .toggle:hover,
  .toggle[aria-expanded='true'] {
    border-color: var(--accent);
  }
  .toggle svg,
  .toggle b {
    color: var(--accent);
  }
  #panel:not([hidden]) {
    position: fixed;
    top: calc(var(--header) + 0.5rem);
    right: var(--gap);
    width: min(27rem, 100vw - 2 * var(--gap));
    max-height: calc(100svh - var(--header) - 1.5rem);
    overflow-y: auto;
    overscroll-behavior: contain;
    display: grid;
    gap: 1rem;
    padding: 1.1rem;
    border: 1px solid var(--line);
    border-radius: var(--round);
    background: var(--surface);
    box-shadow: 0 12px 48px rgb(0 0 0 / 22%);
    outline: 0;
  }
  .drop {
    display: grid;
    justify-items: center;
    gap: 0.7rem;
    padding: 1.1rem;
    border: 1px dashed var(--muted);
    border-radius: var(--round-small);
    color: var(--muted);
    text-align: center;
  }
  .choose,
  form button {
    height: 2.5rem;
    padding: 0 1.1rem;
    border-radius: var(--round-small);
    font-weight: 600;
  }
  .choose {
    background: var(--accent);
    color: var(--on-accent);
  }
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0.4rem 0.5rem;
  }
  label {
    grid-column: 1 / -1;
    font-size: 0.9rem;
    color: var(--muted);
  }
  form input {
    min-width: 0;
    height: 2.5rem;
    padding: 0 0.8rem;
    border: 1px solid var(--line);
    border-radius: var(--round-small);
    background: var(--ground);
    color: var(--ink);
    font: inherit;
  }
  form input::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  form button {
    border: 1px solid var(--line);
  }
  form button:hover {
    border-color: var(--accent);
  }
  .note {
    overflow-wrap: anywhere;
    color: var(--bad);
  }
  .note:empty,
  ul:empty {
    display: none;
  }
  li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: center;
    gap: 0.3rem 0.5rem;
    padding: 0.7rem 0;
    border-top: 1px solid var(--line);
  }
  h3 {
    font-size: 0.95rem;
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .buttons {
    display: flex;
    gap: 0.1rem;
  }
  .buttons button {
    display: grid;
    place-items: center;
    width: 2rem;
    height: 2rem;
    border-radius: 99px;
    color: var(--muted);
  }
  .buttons button:hover {
    background: var(--sunken);
    color: var(--ink);
  }
  progress,
  li p {
    grid-column: 1 / -1;
  }
  progress {
    appearance: none;
    width: 100%;
    height: 0.4rem;
    border: 0;
    border-radius: 99px;
    overflow: hidden;
    background: var(--sunken);
    color: var(--accent);
  }
  progress::-webkit-progress-bar {
    background: var(--sunken);
  }
  progress::-webkit-progress-value {
    background: currentColor;
    border-radius: 99px;
    transition: width 0.2s linear;
  }
  progress::-moz-progress-bar {
    background: currentColor;
  }
  progress[data-still] {
    color: var(--muted);
  }
  li p {
    font-size: 0.875rem;
    color: var(--muted);
    overflow-wrap: anywhere;
    font-variant-numeric: tabular-nums;
  }
  li.warn p {
    color: var(--warn);
  }
  li.bad p {
    color: var(--bad);
  }
  li a {
    color: var(--accent);
    font-weight: 600;
    white-space: nowrap;
  }
  li a:hover {
    text-decoration: underline;
  }
  .clear {
    justify-self: end;
    font-size: 0.9rem;
    color: var(--muted);
    border-radius: var(--round-small);
  }
  .clear:hover {
    color: var(--ink);
  }
  .over {
    position: fixed;
    inset: 0;
    z-index: 9;
    display: grid;
    place-items: center;
    padding: 1rem;
    background: color-mix(in srgb, var(--ground) 80%, transparent);
    pointer-events: none;
  }
  .over p {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 0.7rem;
    width: 100%;
    height: 100%;
    border: 2px dashed var(--accent);
    border-radius: var(--round);
    color: var(--accent);
    font-size: 1.5rem;
    font-weight: 650;
  }
  .over svg {
    width: 1.4em;
    height: 1.4em;
  }
  @media (hover: none) {
    .drop {
      border: 0;
      padding: 0;
    }
    .drop p {
      display: none;
    }
  }
  @media (max-width: 40rem) {
    .toggle {
      padding: 0 0.7rem;
    }
    .toggle span {
      position: absolute;
      clip-path: inset(50%);
    }
  }
`;
