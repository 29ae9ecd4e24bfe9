// The stand-in for a detection tool: it says which alert was asked for, as text.

const asked = new URLSearchParams(location.search).get("alert");
if (asked) document.getElementById("alert").textContent = asked;
