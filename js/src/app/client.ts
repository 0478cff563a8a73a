import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/client";

/** A wrong request does not get better by repeating it; everything else is tried once more. */
const retry = (failures: number, error: Error) =>
  failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500);

export const makeClient = () => new QueryClient({ defaultOptions: { queries: { retry, retryDelay: 1000 } } });
