/** What the address bar says: the library, or a video, perhaps at a time, perhaps with a search. */
export type Route =
  | { page: 'library'; query: string }
  | { page: 'watch'; video: string; at: number | undefined; query: string };

/** Reads an address of this page. Any other path means the library. */
export function parse(url: URL): Route {
  const query = url.searchParams.get('q') ?? '';
  const video = /^\/watch\/([^/]+)\/?$/.exec(url.pathname)?.[1];
  if (video === undefined) return { page: 'library', query };
  const at = Number.parseFloat(url.searchParams.get('t') ?? '');
  return { page: 'watch', video: decode(video), at: Number.isFinite(at) && at >= 0 ? at : undefined, query };
}

/** Writes the address of a route. */
export function href(route: Route): string {
  const params = new URLSearchParams();
  if (route.page === 'watch' && route.at !== undefined) params.set('t', String(Math.round(route.at * 1000) / 1000));
  if (route.query) params.set('q', route.query);
  const path = route.page === 'watch' ? `/watch/${encodeURIComponent(route.video)}` : '/';
  const search = params.toString();
  return search ? `${path}?${search}` : path;
}

/** Goes to a route. Within the same page it replaces the entry in the history. */
export function go(route: Route): void {
  const here = parse(new URL(location.href));
  const samePage = here.page === route.page && (here.page === 'library' || here.video === (route as typeof here).video);
  history[samePage ? 'replaceState' : 'pushState'](null, '', href(route));
  dispatchEvent(new PopStateEvent('popstate'));
}

/**
 * Calls back at every navigation, including one to where we are. Links to
 * routes are followed without loading the page; modified clicks and other
 * links stay the browser's.
 */
export function watchRoute(changed: (route: Route) => void, signal: AbortSignal): void {
  addEventListener('popstate', () => changed(parse(new URL(location.href))), { signal });
  addEventListener(
    'click',
    (event) => {
      const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
      if (!link || event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
      if (link.pathname !== '/' && !link.pathname.startsWith('/watch/')) return;
      event.preventDefault();
      go(parse(new URL(link.href)));
    },
    { signal },
  );
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
