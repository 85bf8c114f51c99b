"""`bedrock-converse`: the Converse API of Amazon Bedrock, one shape for every vendor's models there."""
