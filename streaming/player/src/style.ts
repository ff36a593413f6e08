import { css } from 'lit';

/** What every component starts from. */
export const base = css`
  :host {
    display: block;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ol,
  ul {
    margin: 0;
    padding: 0;
  }
  ol,
  ul {
    list-style: none;
  }
  a {
    color: inherit;
    text-decoration: none;
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: 0;
    padding: 0;
    cursor: pointer;
  }
  img {
    display: block;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .time {
    font-variant-numeric: tabular-nums;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      transition: none !important;
      animation: none !important;
      scroll-behavior: auto !important;
    }
  }
`;

/** A box that says something: a state, an error, a hint. */
export const notice = css`
  .notice {
    display: flex;
    gap: 0.75rem;
    align-items: flex-start;
    padding: 0.85rem 1rem;
    border-radius: var(--round);
    background: var(--sunken);
    line-height: 1.45;
    overflow-wrap: anywhere;
  }
  .notice strong {
    display: block;
    font-weight: 600;
  }
  .notice svg {
    flex: none;
    margin-top: 0.15rem;
  }
  .notice.warn {
    background: var(--warn-soft);
  }
  .notice.warn svg,
  .notice.warn strong {
    color: var(--warn);
  }
  .notice.bad {
    background: var(--bad-soft);
  }
  .notice.bad svg,
  .notice.bad strong {
    color: var(--bad);
  }
  .notice button {
    margin-top: 0.5rem;
    padding: 0.35rem 0.9rem;
    border-radius: 99px;
    background: var(--surface);
    border: 1px solid var(--line);
  }
`;
