import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter, useLocation } from "react-router";
import { Screens } from "@/app/app";

let address = "";

function Watch() {
  const { pathname, search } = useLocation();
  address = pathname + search;
  return null;
}

/** The whole dashboard at one of its addresses; `refresh` asks the server again, as the next poll would. */
export function show(path: string) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[path]}>
        <Screens />
        <Watch />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return {
    user: userEvent.setup(),
    address: () => address,
    refresh: () => client.invalidateQueries(),
  };
}
