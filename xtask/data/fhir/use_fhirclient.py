"""Writes, reads, changes, finds and deletes with fhirclient as its own documentation does it: use_fhirclient.py BASE"""

import sys

import requests
from fhirclient.client import FHIRClient
from fhirclient.models import bundle, observation, patient
from fhirclient.server import FHIRNotFoundException

SYSTEM = "http://west.example/mrn"

smart = FHIRClient(settings={"app_id": "west", "api_base": sys.argv[1]})
assert smart.prepare(), "it is ready"
server = smart.server
kinds = {resource.type for resource in server.capabilityStatement.rest[0].resource}
assert {"Patient", "Observation"} <= kinds, kinds

# Created: the answer is the resource, with its id and version.
one = patient.Patient(
    {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": "C1"}],
        "name": [{"family": "Moser", "given": ["Ada"]}],
        "birthDate": "1950-03-01",
    }
)
created = patient.Patient(one.create(server))
assert created.id and created.meta.versionId == "1", created.as_json()

# Read, changed, and read again.
read = patient.Patient.read(created.id, server)
assert read.name[0].family == "Moser" and read.birthDate.isostring == "1950-03-01"
read.gender = "female"
changed = patient.Patient(read.update(server))
assert changed.meta.versionId == "2" and changed.gender == "female"
assert patient.Patient.read(created.id, server).meta.versionId == "2"

# Found by its identifier, and by its id.
found = list(patient.Patient.where({"identifier": f"{SYSTEM}|C1"}).perform_resources_iter(server))
assert [each.id for each in found] == [created.id], found
found = list(patient.Patient.where({"_id": created.id}).perform_resources_iter(server))
assert [each.id for each in found] == [created.id], found
assert not list(patient.Patient.where({"identifier": f"{SYSTEM}|none"}).perform_resources_iter(server))

# A transaction whose entries refer to each other.
asked = bundle.Bundle(
    {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:0b0f7a52-5b41-4c1b-9a3f-0a0d3d5f1c01",
                "request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={SYSTEM}|C1"},
                "resource": {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": "C1"}]},
            },
            {
                "request": {"method": "POST", "url": "Observation"},
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
                    "subject": {"reference": "urn:uuid:0b0f7a52-5b41-4c1b-9a3f-0a0d3d5f1c01"},
                    "effectiveDateTime": "2026-03-01T09:00:00Z",
                    "valueQuantity": {
                        "value": 71,
                        "unit": "/min",
                        "system": "http://unitsofmeasure.org",
                        "code": "/min",
                    },
                },
            },
        ],
    }
)
done = bundle.Bundle(asked.create(server))
assert done.type == "transaction-response" and len(done.entry) == 2
assert done.entry[0].response.status.startswith("200"), "the patient was there"
assert done.entry[1].response.status.startswith("2")
pulse = done.entry[1].response.location.split("/Observation/")[1].split("/")[0]
pulse = observation.Observation.read(pulse, server)
assert pulse.subject.reference == f"Patient/{created.id}", pulse.subject.reference
assert pulse.subject.resolved(patient.Patient).id == created.id

# What is wrong is an error that says why.
try:
    patient.Patient.read("nobody", server)
    raise AssertionError("nobody was read")
except FHIRNotFoundException as error:
    assert error.response.json()["resourceType"] == "OperationOutcome"
try:
    server.post_json("Observation", created.as_json())
    raise AssertionError("a Patient is no Observation")
except requests.HTTPError as error:
    assert error.response.status_code == 400, error
    assert error.response.json()["issue"][0]["diagnostics"]

# Deleted, and gone.
deleted = changed.delete(server)
assert deleted["resourceType"] == "OperationOutcome", deleted
try:
    patient.Patient.read(created.id, server)
    raise AssertionError("it was deleted")
except requests.HTTPError as error:
    assert error.response.status_code == 410, error
