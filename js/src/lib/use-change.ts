import { useMutation, useQueryClient } from "@tanstack/react-query";
import { announce } from "./announcer";

/** A change on the server: once it is made it is said, and what is on screen is read again. */
export function useChange<Output, Input = void>(
  make: (input: Input) => Promise<Output>,
  said: string,
  then?: (made: Output) => void,
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: make,
    onSuccess: (made: Output) => {
      announce(said);
      then?.(made);
      return client.invalidateQueries();
    },
  });
}
