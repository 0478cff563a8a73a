import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/client";

/** A wrong request does not get better by repeating it; everything else is tried once more. */
const retry = (failures: number, error: Error) =>
  failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500);

/** `always`: a browser without internet may still reach the server, and if it does not, the page should say so. */
export const makeClient = () =>
  new QueryClient({ defaultOptions: { queries: { retry, retryDelay: 1000, networkMode: "always" } } });
