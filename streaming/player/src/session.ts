import { ApiError, post, request } from './api';
import { parse, type Route } from './route';

/** What this browser may do here. */
export interface Session {
  signedIn: boolean;
  workspace?: string;
  scopes: ('read' | 'write' | 'play' | 'admin')[];
  /** What requests that change something have to show, in the header below. */
  csrf?: string;
  /** The name of the provider where one may sign in besides with a key. */
  provider?: string;
}

const nobody: Session = { signedIn: false, scopes: [] };

/** Says whether there is something to see for who has this session. */
export function maySee(session: Session): boolean {
  return session.scopes.includes('read') || session.scopes.includes('admin');
}

/** Says whether who has this session may add videos. */
export function mayWrite(session: Session): boolean {
  return session.scopes.includes('write') || session.scopes.includes('admin');
}

/**
 * Finds out what this browser may do. Where the address is a link to sign in
 * with, `/login#token=…`, it does so first, and takes the token out of it.
 */
export async function enter(): Promise<{ session: Session; problem: string }> {
  const { token, code } = takeFragment();
  let problem = code && (problems.get(code) ?? 'signing in did not work; try again');
  try {
    if (token) return { session: await signIn(token), problem };
  } catch (error) {
    problem = messageOf(error); // and yet somebody may be signed in
  }
  try {
    const session = await request<Session>('/session');
    return { session, problem: session.signedIn ? '' : problem };
  } catch (error) {
    return { session: nobody, problem: messageOf(error) };
  }
}

/** Signs in with a key, or with what a link carries. */
export function signIn(token: string): Promise<Session> {
  return post<Session>('/login', { token });
}

/**
 * Leaves for the provider, which leads back to /login. Where we are is kept in
 * this tab for then.
 */
export async function leave(): Promise<void> {
  const { location: provider } = await post<{ location: string }>('/login/oidc', {});
  sessionStorage.setItem(cameFrom, location.pathname === '/login' ? '/' : location.pathname + location.search);
  location.assign(provider);
}

/** Where somebody was who has come back from the provider: a route of this page, whatever was kept. */
export function wayBack(): Route {
  const path = sessionStorage.getItem(cameFrom) ?? '/';
  sessionStorage.removeItem(cameFrom);
  return parse(new URL(path, location.origin));
}

/** Ends the session. */
export function signOut(session: Session): Promise<Session> {
  return post<Session>('/logout', {}, session.csrf);
}

/** What there is to say of an error. */
export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}

const cameFrom = 'cuepoint-came-from';

/** What the codes mean that signing in at a provider ends with. */
const problems = new Map(Object.entries({
  CANCELED: 'signing in was canceled; try again',
  PERMISSION_DENIED: 'you have an account, but nobody has let it in here; ask who runs this server',
  RATE_LIMITED: 'too many have tried to sign in; wait a minute and try again',
  SIGN_IN_UNAVAILABLE: 'where you sign in does not answer; try again later, or use a key',
  UNAUTHENTICATED: 'signing in took too long, or began in another window; try again',
}));

/** Takes what /login was opened with out of the address. */
function takeFragment(): { token: string; code: string } {
  if (location.pathname !== '/login') return { token: '', code: '' };
  const params = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, '', '/login');
  return { token: params.get('token') ?? '', code: params.get('problem') ?? '' };
}
