import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import { enter, type Session } from './session';

const { session } = await enter();
document.querySelector('#caller')!.append(...greet(session));

SwaggerUI({
  dom_id: '#api',
  url: '/openapi.json',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Nothing leaves this server: no badge of a validator elsewhere.
  validatorUrl: null,
  requestInterceptor(request) {
    if (session.csrf && request.method !== 'GET') request.headers['x-cuepoint-csrf'] = session.csrf;
    return request;
  },
});

/** Says as whom requests are tried out. */
function greet(session: Session): (string | Node)[] {
  const scopes = session.scopes.join(', ');
  if (session.signedIn) return [`What you try out is done in your name, as far as you may: ${scopes}.`];
  const link = document.createElement('a');
  link.href = '/login';
  link.textContent = 'Sign in';
  return [link, ', or authorize with a key, to try things out.'];
}
