/** The part of Swagger UI that the API's page uses; the package brings no types. */
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface Request {
    method: string;
    headers: Record<string, string>;
  }

  export default function SwaggerUI(options: {
    dom_id: string;
    url: string;
    deepLinking?: boolean;
    docExpansion?: 'list' | 'full' | 'none';
    defaultModelsExpandDepth?: number;
    validatorUrl?: string | null;
    requestInterceptor?: (request: Request) => Request;
  }): void;
}
