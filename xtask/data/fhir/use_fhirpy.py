"""Writes, reads, changes, finds and deletes with fhirpy as its own documentation does it: use_fhirpy.py BASE"""

import asyncio
import sys

from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

SYSTEM = "http://south.example/mrn"
BASE = sys.argv[1]


def told(number, **more):
    return {"identifier": [{"system": SYSTEM, "value": number}], **more}


def refused(error, ask):
    try:
        ask()
    except error as why:
        return why
    raise AssertionError(f"{error.__name__} was to be raised")


client = SyncFHIRClient(BASE)
patients = client.resources("Patient")

# Created, read, changed.
one = client.resource("Patient", **told("P1", gender="female"))
one.save()
assert one.id and one["meta"]["versionId"] == "1", one
again = client.reference("Patient", one.id).to_resource()
assert again["gender"] == "female"
again["birthDate"] = "1961-07-01"
again.save()
assert again["meta"]["versionId"] == "2" and again["birthDate"] == "1961-07-01"
one.refresh()
assert one["meta"]["versionId"] == "2", "what is known is old"
one.refresh()
assert one["birthDate"] == "1961-07-01", "what is known is new, and stays"

# Found.
by_number = patients.search(identifier=f"{SYSTEM}|P1")
assert by_number.get().id == one.id and by_number.first().id == one.id and by_number.count() == 1
assert [each.id for each in by_number.fetch_all()] == [one.id]
assert patients.search(_id=one.id).get()["gender"] == "female"
refused(ResourceNotFound, patients.search(identifier=f"{SYSTEM}|none").get)

# Created only where nobody has the number; changed by its number.
known, _ = by_number.get_or_create(client.resource("Patient", **told("P1", gender="male")))
assert known.id == one.id and known["gender"] == "female", known
new, _ = patients.search(identifier=f"{SYSTEM}|P2").get_or_create(client.resource("Patient", **told("P2")))
assert new.id != one.id
changed, _ = patients.search(identifier=f"{SYSTEM}|P2").update(client.resource("Patient", **told("P2", active=True)))
assert changed.id == new.id and changed["active"] is True and changed["meta"]["versionId"] == "2"
client.resource("Patient", **told("P2")).save()
refused(MultipleResourcesFound, lambda: patients.search(identifier=f"{SYSTEM}|P2").update(changed))

# A batch, of which one entry is wrong.
pulse = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": f"Patient/{one.id}"},
    "effectiveDateTime": "2026-03-01T09:00:00Z",
    "valueQuantity": {"value": 64, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
}
batch = client.resource(
    "Bundle",
    type="batch",
    entry=[
        {"request": {"method": "PUT", "url": "Observation/pulse-1"}, "resource": {**pulse, "id": "pulse-1"}},
        {"request": {"method": "PUT", "url": "Observation/pulse-2"}, "resource": {**pulse, "id": "other"}},
    ],
)
answer = client.execute("", data=batch.serialize())
assert answer["type"] == "batch-response"
statuses = [each["response"]["status"] for each in answer["entry"]]
assert statuses[0].startswith("2") and statuses[1].startswith("4"), statuses
assert answer["entry"][1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
assert client.get("Observation", "pulse-1")["valueQuantity"]["value"] == 64

# What is wrong is an error that says why.
why = refused(OperationOutcome, lambda: client.execute("Patient", data={"resourceType": "Observation"}))
assert why.resource["issue"][0]["diagnostics"], why
refused(OperationOutcome, lambda: one.patch(active=False))
refused(ResourceNotFound, lambda: client.get("Patient", "nobody"))

# Deleted, and gone; what is gone may be deleted again.
one.delete()
one.delete()
refused(ResourceNotFound, lambda: client.get("Patient", one.id))
assert by_number.count() == 0


async def many():
    """The same creation many times at once makes one."""
    client = AsyncFHIRClient(BASE)
    search = client.resources("Patient").search(identifier=f"{SYSTEM}|P3")
    made = await asyncio.gather(*(search.get_or_create(client.resource("Patient", **told("P3"))) for _ in range(20)))
    assert len({resource.id for resource, _ in made}) == 1, made
    assert await search.count() == 1


asyncio.run(many())
