import { css } from 'lit';

/** How a video's page is laid out: beside each other, or below each other on small screens. */
export const watchStyles = css`
  .layout {
    display: grid;
    grid-template-columns: minmax(0, 1fr) clamp(19rem, 27vw, 26rem);
    grid-template-rows: auto 1fr;
    gap: var(--gap);
    align-items: start;
    --player-height: calc(100svh - var(--header) - 10rem);
  }
  .layout.single {
    grid-template-columns: minmax(0, 76rem);
    justify-content: center;
  }
  .top,
  .below {
    grid-column: 1;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--gap);
  }
  header {
    display: flex;
    justify-content: space-between;
    align-items: flex-start;
    gap: 1rem;
    margin-top: -0.35rem;
  }
  h1 {
    font-size: clamp(1.2rem, 2vw, 1.5rem);
    font-weight: 650;
    letter-spacing: -0.02em;
    line-height: 1.25;
    overflow-wrap: anywhere;
  }
  .facts {
    margin-top: 0.25rem;
    font-size: 0.9rem;
    color: var(--muted);
  }
  .link {
    flex: none;
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    padding: 0.45rem 0.95rem;
    border: 1px solid var(--line);
    border-radius: 99px;
    background: var(--surface);
    font-size: 0.875rem;
    font-weight: 550;
  }
  .link:hover {
    border-color: var(--accent);
    color: var(--accent);
  }
  aside {
    grid-area: 1 / 2 / span 2;
    position: sticky;
    top: calc(var(--header) + var(--gap));
    display: flex;
    flex-direction: column;
    height: calc(100svh - var(--header) - 2 * var(--gap));
    min-height: 20rem;
    border: 1px solid var(--line);
    border-radius: var(--round);
    background: var(--surface);
    overflow: hidden;
  }
  .tabs {
    display: flex;
    gap: 0.25rem;
    padding: 0.5rem 0.6rem 0;
    border-bottom: 1px solid var(--line);
  }
  .tabs button {
    padding: 0.5rem 0.75rem 0.6rem;
    border-bottom: 2px solid transparent;
    margin-bottom: -1px;
    font-weight: 600;
    font-size: 0.925rem;
    color: var(--muted);
  }
  .tabs button:hover {
    color: var(--ink);
  }
  .tabs button:focus-visible {
    outline-offset: -3px;
    border-radius: var(--round-small);
  }
  .tabs button[aria-selected='true'] {
    color: var(--ink);
    border-color: var(--accent);
  }
  .body {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
  }
  cue-transcript {
    flex: 1;
  }
  .found {
    display: grid;
    align-content: start;
    gap: 1rem;
    overflow-y: auto;
    padding: 0.6rem;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
  }
  details {
    font-size: 0.9rem;
    color: var(--muted);
  }
  summary {
    width: fit-content;
    cursor: pointer;
    border-radius: 4px;
  }
  summary:hover {
    color: var(--ink);
  }
  .stages {
    display: grid;
    gap: 0.4rem;
    max-width: 44rem;
    margin-top: 0.75rem;
  }
  .stages li {
    display: grid;
    grid-template-columns: 6rem 5rem 1fr;
    gap: 0 0.75rem;
  }
  .stages b {
    font-weight: 550;
    color: var(--ink);
  }
  .stages p {
    grid-column: 2 / -1;
    overflow-wrap: anywhere;
  }
  .status_failed {
    color: var(--bad);
    font-weight: 600;
  }
  .status_running {
    color: var(--accent);
    font-weight: 600;
  }
  .failure {
    display: grid;
    gap: 1rem;
    max-width: 40rem;
    margin: 4rem auto;
  }
  .failure a {
    color: var(--accent);
    text-decoration: underline;
  }
  .loading {
    min-height: 60svh;
  }
  /* One column: what was found comes before what is there anyway. The player
     is a direct item of the column, so that it can stay in sight all the way. */
  @media (max-width: 62rem) {
    .layout {
      display: flex;
      flex-direction: column;
      align-items: stretch;
    }
    .top {
      display: contents;
    }
    .below {
      order: 1;
    }
    aside {
      order: 2;
      position: static;
      height: 75svh;
    }
    .searching aside {
      order: 0;
      height: auto;
      min-height: 0;
      max-height: 75svh;
    }
  }
  @media (max-width: 40rem) {
    cue-player {
      position: sticky;
      top: var(--header);
      z-index: 2;
      margin: calc(var(--gap) * -1) calc(var(--gap) * -1) 0;
      border-radius: 0;
    }
    header {
      flex-direction: column;
    }
  }
`;
