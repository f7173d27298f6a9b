//! What AWS says when it does not do something.

use std::fmt;

use estatus_core::fleet::command::ProviderErrorKind as Kind;

use super::xml::{self, Element};

/// A refusal, in AWS's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The word by which programs know it: `InsufficientInstanceCapacity`.
    pub(crate) code: String,
    /// The sentence for people.
    pub(crate) message: String,
}

impl Refusal {
    /// Reads it from an answer; nothing where that is none.
    pub(crate) fn read(body: &str) -> Option<Self> {
        xml::read(body, |root| {
            let error = root.descendants().find(|node| node.tag_name().name() == "Error")?;
            let message = error.text_of("Message").unwrap_or_default().to_owned();
            Some(Self { code: error.text_of("Code")?.to_owned(), message })
        })
    }

    /// What kind of reason it is.
    pub(crate) fn kind(&self) -> Kind {
        kind_of(&self.code)
    }

    /// Whether it may be about the time at which the request was signed.
    pub(crate) fn may_be_the_clock(&self) -> bool {
        matches!(
            self.code.as_str(),
            "AuthFailure"
                | "InvalidSignatureException"
                | "RequestExpired"
                | "RequestTimeTooSkewed"
                | "SignatureDoesNotMatch"
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message } = self;
        if message.is_empty() { f.write_str(code) } else { write!(f, "{code}: {message}") }
    }
}

/// The codes are listed in the API references of EC2, Auto Scaling and STS ("Common errors", "Error codes").
fn kind_of(code: &str) -> Kind {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure"
        | "AuthorizationFailure"
        | "Blocked"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidIdentityToken"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "NotAuthorized"
        | "OptInRequired"
        | "PendingVerification"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "SignatureDoesNotMatch"
        | "UnauthorizedOperation"
        | "UnrecognizedClientException" => Kind::Credentials,
        "ConcurrentTagAccess"
        | "EC2ThrottledException"
        | "PriorRequestNotComplete"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "ResourceContention"
        | "ScalingActivityInProgress"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException" => Kind::Throttled,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "RequestTimeout"
        | "ServerInternal"
        | "ServiceUnavailable"
        | "Unavailable" => Kind::Unreachable,
        "MaxSpotInstanceCountExceeded"
        | "ReservationCapacityExceeded"
        | "ResourceCountExceeded"
        | "SpotMaxPriceTooLow" => Kind::Capacity,
        code if code.starts_with("Insufficient") || code.ends_with("LimitExceeded") => Kind::Capacity,
        "MissingParameter"
        | "Unsupported"
        | "UnsupportedOperation"
        | "UnknownParameter"
        | "ValidationError"
        | "VPCIdNotSpecified" => Kind::Configuration,
        code if code.starts_with("Invalid") || code.starts_with("Malformed") => Kind::Configuration,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_the_form_of_each_service() {
        let check = |body: &str, expected: Option<(&str, &str)>| {
            let read = Refusal::read(body);
            let read = read.as_ref().map(|refusal| (refusal.code.as_str(), refusal.message.as_str()));
            assert_eq!(read, expected, "{body}");
        };
        check(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <Response><Errors><Error><Code>InstanceLimitExceeded</Code><Message>Your quota &lt; 1</Message></Error></Errors>
            <RequestID>ea966190-f9aa-478e-9ede-example</RequestID></Response>"#,
            Some(("InstanceLimitExceeded", "Your quota < 1")),
        );
        check(
            r#"<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><Error><Type>Sender</Type>
            <Code>ValidationError</Code><Message>no</Message></Error><RequestId>e</RequestId></ErrorResponse>"#,
            Some(("ValidationError", "no")),
        );
        check("<Response><Errors><Error><Code/></Error></Errors></Response>", None);
        check("<html><head><title>503</title></head></html>", None);
        check("<!DOCTYPE html><html><body>no</body></html>", None);
        check("", None);
    }

    #[test]
    fn what_kind_of_reason_it_is_shows_in_the_code() {
        let check = |code: &str, kind: Kind| assert_eq!(kind_of(code), kind, "{code}");
        check("UnauthorizedOperation", Kind::Credentials);
        check("AuthFailure", Kind::Credentials);
        check("InvalidClientTokenId", Kind::Credentials);
        check("InvalidLaunchTemplateId.NotFound", Kind::Configuration);
        check("InvalidLaunchTemplateName.NotFoundException", Kind::Configuration);
        check("InvalidAMIID.NotFound", Kind::Configuration);
        check("InvalidParameterValue", Kind::Configuration);
        check("MalformedLaunchTemplateID", Kind::Configuration);
        check("InsufficientInstanceCapacity", Kind::Capacity);
        check("InsufficientFreeAddressesInSubnet", Kind::Capacity);
        check("InstanceLimitExceeded", Kind::Capacity);
        check("VcpuLimitExceeded", Kind::Capacity);
        check("MaxSpotInstanceCountExceeded", Kind::Capacity);
        check("RequestLimitExceeded", Kind::Throttled);
        check("Throttling", Kind::Throttled);
        check("InternalError", Kind::Unreachable);
        check("IdempotentParameterMismatch", Kind::Other);
    }
}
