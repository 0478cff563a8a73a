import { Link } from "react-router";
import { Message } from "@/components/panel";
import { useTitle } from "@/lib/use-title";

export function NotFound() {
  useTitle("Not found");
  return (
    <Message title="There is no such page">
      <Link to="/">Back to the overview</Link>
    </Message>
  );
}
