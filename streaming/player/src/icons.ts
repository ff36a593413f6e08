import { svg, html, type TemplateResult } from 'lit';

const icon = (size: number, body: TemplateResult) =>
  html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${body}
  </svg>`;

export const search = icon(18, svg`<circle cx="11" cy="11" r="7" /><path d="m20 20-3.8-3.8" />`);
export const alert = icon(20, svg`<circle cx="12" cy="12" r="9" /><path d="M12 7.5v5.5" /><path d="M12 16.5h.01" />`);
export const film = icon(28, svg`<rect x="3" y="5" width="18" height="14" rx="2.5" /><path d="m10 9.5 4.5 2.5-4.5 2.5z" />`);
export const sound = icon(28, svg`<path d="M4 10v4M8 6.5v11M12 9v6M16 4.5v15M20 10v4" />`);
export const link = icon(
  16,
  svg`<path d="M10 14a4.5 4.5 0 0 0 6.700.3l2.600-2.600a4.5 4.5 0 0 0-6.400-6.400l-1.300 1.300" />
    <path d="M14 10a4.5 4.5 0 0 0-6.700-.3l-2.600 2.600a4.5 4.5 0 0 0 6.400 6.400l1.300-1.300" />`,
);
export const follow = icon(16, svg`<path d="M12 4v15" /><path d="m6 13 6 6 6-6" />`);
export const upload = icon(18, svg`<path d="M12 16V4m-5.5 5.5L12 4l5.5 5.5" /><path d="M4 15.5V18a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2.5" />`);
export const pause = icon(18, svg`<path d="M9 6v12M15 6v12" />`);
export const play = icon(18, svg`<path d="m8.5 6 9 6-9 6z" />`);
export const again = icon(18, svg`<path d="M19.5 12A7.5 7.5 0 1 1 17 6.4" /><path d="M19.5 3.5V8H15" />`);
export const cross = icon(18, svg`<path d="m7 7 10 10M17 7 7 17" />`);

/** The mark: a timeline and the cue that points at it. */
export const logo = html`<svg width="30" height="30" viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="8" fill="#0b6b5f" />
  <path d="M5.5 21.5h21" stroke="#fff" stroke-opacity=".4" stroke-width="3" stroke-linecap="round" />
  <path d="M5.5 21.5h10.5" stroke="#fff" stroke-width="3" stroke-linecap="round" />
  <path d="M16 12v13.5" stroke="#ffc857" stroke-width="3" stroke-linecap="round" />
  <circle cx="16" cy="9.5" r="4.5" fill="#ffc857" />
</svg>`;
