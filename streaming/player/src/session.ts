import { ApiError, post, request } from './api';

/** What this browser may do here. */
export interface Session {
  signedIn: boolean;
  scopes: ('read' | 'write' | 'play' | 'admin')[];
  /** What requests that change something have to show, in the header below. */
  csrf?: string;
}

const nobody: Session = { signedIn: false, scopes: [] };

/** Says whether there is something to see for who has this session. */
export function maySee(session: Session): boolean {
  return session.scopes.includes('read') || session.scopes.includes('admin');
}

/**
 * Finds out what this browser may do. Where the address is a link to sign in
 * with, `/login#token=…`, it does so first, and takes the token out of it.
 */
export async function enter(): Promise<{ session: Session; problem: string }> {
  const token = takeToken();
  let problem = '';
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

/** Ends the session. */
export function signOut(session: Session): Promise<Session> {
  return post<Session>('/logout', {}, session.csrf);
}

/** What there is to say of an error. */
export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}

function takeToken(): string {
  if (location.pathname !== '/login') return '';
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  history.replaceState(null, '', '/login');
  return token;
}
